// The farm's last hour in two small plots: how busy it was, and how much it got done.

import { clock, number, percent, plural } from "../words";
import type { FarmNow } from "../farm/now";
import { Spark } from "./spark";

const MINUTE = 60; // seconds
const FEW = 4; // samples that are no plot yet

const span = ({ series }: FarmNow) => `${clock(series.times[0])} to now`;

export function Busy({ farm }: { farm: FarmNow }) {
  const { times, slots, slots_busy } = farm.series;
  if (times.length < FEW || farm.utilisation == null) return null;
  const words = `${percent(farm.utilisation)} of the slots were busy, ${span(farm)}`;
  return (
    <figure class="hour">
      <Spark label={words} times={times} values={[slots_busy.map((busy, place) => (slots[place] ? busy / slots[place] : 0))]} most={1} states={["active"]} />
      <figcaption>{words}</figcaption>
    </figure>
  );
}

// Samples are put together to minutes: what is done in ten seconds only flickers.
function minutes({ times, completed, failed, every }: FarmNow["series"]) {
  const put = Math.max(1, Math.round(times.length > 90 ? MINUTE / every : 1));
  const places = Array.from({ length: Math.floor(times.length / put) }, (_, place) => times.length - (Math.floor(times.length / put) - place) * put);
  const sums = (values: readonly number[]) => places.map((from) => (MINUTE / (put * every)) * values.slice(from, from + put).reduce((sum, one) => sum + one, 0));
  return { times: places.map((from) => times[from]!), completed: sums(completed), failed: sums(failed) };
}

export function Throughput({ farm }: { farm: FarmNow }) {
  if (farm.series.times.length < FEW || !(farm.completed_hour + farm.failed_hour)) return null;
  const { times, completed, failed } = minutes(farm.series);
  const most = Math.max(1, ...completed.map((done, place) => done + failed[place]!));
  const words = `${plural(farm.completed_minute, "task")} in the last minute, ${number(farm.completed_hour)} in the last hour${farm.failed_hour ? `; ${plural(farm.failed_hour, "try", "tries")} failed` : ""}`;
  return (
    <figure class="hour">
      <Spark bars label={`${words}; tasks a minute, ${span(farm)}`} times={times} values={[completed, failed]} most={most} states={["completed", "failed"]} />
      <figcaption>{words}</figcaption>
    </figure>
  );
}
