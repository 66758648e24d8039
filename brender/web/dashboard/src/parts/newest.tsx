// The newest frames, large: what the farm makes.
//
// How does this work?  The server knows the newest of each job, so that they are there after a start too; what comes then is told by
// events.  A picture is decoded before it is shown, so that nothing flickers.  While one is on its way only the newest of those that come
// meanwhile is remembered.  Beside the newest stand those of other jobs, and if there are few jobs, earlier ones.

import { useEffect, useRef, useState } from "preact/hooks";
import { API, get, here } from "../farm/api";
import type { JobNow } from "../farm/api";
import { useLoaded } from "../farm/loading";
import { addressOf } from "../farm/pictures";
import { titleOf } from "../words";
import { Numbers } from "./progress";

const STRIP = 6;
const KEPT = 24; // pictures that were shown

interface Picture extends Partial<Pick<Row, "width" | "height">> {
  job: number;
  number: number; // which of the job's pictures
  name: string;
  address: string;
}

interface Row {
  job: number;
  name: string;
  task: string;
  frame: number | null;
  number: number;
  version: string;
  width: number;
  height: number;
}

const readNewest = async (signal: AbortSignal) => (await get<{ data: Row[] }>(`${API}/pictures?limit=${STRIP + 1}`, { signal })).data.map((row): Picture => ({ job: row.job, number: row.number, width: row.width, height: row.height, name: titleOf({ id: row.job, name: row.name }), address: addressOf(row.job, row) }));

const newestOf = (job: JobNow): Picture => ({ job: job.id, number: job.picture, name: titleOf(job), address: here(`${API}/jobs/${job.id}/picture?v=${job.picture}`) });

const same = (one: Picture, other: Picture) => one.job === other.job && one.number === other.number;

export const usePictures = () => useLoaded(readNewest, []);

export function Newest({ jobs, first }: { jobs: readonly JobNow[]; first: readonly Picture[] | undefined }) {
  const [shown, setShown] = useState<readonly Picture[]>(first ?? []); // the newest first
  const seen = useRef(new Map<number, number>()); // job -> its newest picture
  const next = useRef<Picture | null>(null);
  const busy = useRef(false);

  const show = async (picture: Picture) => {
    if (busy.current) {
      next.current = picture;
      return;
    }
    busy.current = true;
    const image = new Image();
    image.src = picture.address;
    await image.decode().then(
      () => setShown((before) => [picture, ...before.filter((one) => !same(one, picture))].slice(0, KEPT)),
      () => undefined, // replaced by a newer one, or gone: the next event brings another
    );
    busy.current = false;
    const waiting = next.current;
    next.current = null;
    if (waiting) void show(waiting);
  };

  useEffect(() => {
    for (const { job, number } of first ?? []) seen.current.set(job, Math.max(number, seen.current.get(job) ?? 0));
    if (first) setShown((before) => [...before, ...first.filter((one) => !before.some((other) => same(one, other)))].slice(0, KEPT));
  }, [first]);

  useEffect(() => {
    if (!first) return;
    const fresh = jobs.filter((job) => job.picture > (seen.current.get(job.id) ?? 0));
    for (const job of fresh) seen.current.set(job.id, job.picture);
    if (fresh[0]) void show(newestOf(fresh[0]));
  }, [jobs, first]);

  const [newest] = shown;
  if (!newest) return null;
  const job = jobs.find((one) => one.id === newest.job);
  const beside = besides(newest, shown);
  return (
    <section class={`frames ${beside.length ? "" : "single"}`} aria-label="The newest frames">
      <figure>
        <a class="matte" href={here(`/jobs/${newest.job}`)}><img src={newest.address} alt={`The newest frame of ${newest.name}`} width={newest.width} height={newest.height} /></a>
        <figcaption><a href={here(`/jobs/${newest.job}`)}>{newest.name}</a>{job && <Numbers job={job} />}</figcaption>
      </figure>
      {beside.length > 0 && (
        <div class="strip">
          {beside.map((one) => (
            <a key={`${one.job}-${one.number}`} href={here(`/jobs/${one.job}`)} title={one.name}><img src={one.address} alt={`${one.job === newest.job ? "An earlier" : "The newest"} frame of ${one.name}`} /></a>
          ))}
        </div>
      )}
    </section>
  );
}

// The newest of every other job, then earlier ones.
function besides(newest: Picture, shown: readonly Picture[]): readonly Picture[] {
  const others = shown.filter((one, place) => one.job !== newest.job && shown.findIndex((other) => other.job === one.job) === place);
  const earlier = shown.filter((one) => one !== newest && !others.includes(one));
  return [...others, ...earlier].slice(0, STRIP);
}
