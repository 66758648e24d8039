// The three things at the top, to be read from across the room: is the farm working, when is it done, what is wrong.

import type { ComponentChildren } from "preact";
import { here } from "../farm/api";
import { now, second } from "../farm/clock";
import type { FarmNow } from "../farm/now";
import { Allowed } from "./allowed";
import { Busy, Throughput } from "./hour";
import { clock, plural, titleOf, whole } from "../words";

const LONGEST_STRIP = 64; // slots drawn one by one
const WRONG = 3; // things that are told

export function Glance({ farm }: { farm: FarmNow }) {
  void second.value;
  return (
    <section class="glance" aria-label="The farm at a glance">
      <Working farm={farm} />
      <Done farm={farm} />
      <Wrong farm={farm} />
    </section>
  );
}

interface Shown {
  question: string;
  answer: string;
  state?: string | undefined;
  children: ComponentChildren;
}

function Fact({ question, answer, state, children }: Shown) {
  return (
    <div class="fact" data-state={state}>
      <h2>{question}</h2>
      <p class="figure-large">{answer}</p>
      {children}
    </div>
  );
}

function Working({ farm }: { farm: FarmNow }) {
  const there = `${plural(farm.online, "client")} online`;
  const drawn = Math.min(farm.slots, LONGEST_STRIP);
  const busy = farm.slots > LONGEST_STRIP ? Math.round((farm.slots_busy / farm.slots) * LONGEST_STRIP) : farm.slots_busy;
  return (
    <Fact question="Is the farm working?" answer={farm.slots ? `${farm.slots_busy} of ${farm.slots}` : "No slots"}>
      <p class="note">{farm.slots ? `slots busy · ${there}` : there}</p>
      <div class="slots" aria-hidden="true">{Array.from({ length: drawn }, (_, place) => <span key={place} data-busy={place < busy} />)}</div>
      <Busy farm={farm} />
    </Fact>
  );
}

function Done({ farm }: { farm: FarmNow }) {
  const [answer, note] = whenDone(farm);
  return <Fact question="When is it done?" answer={answer}><p class="note">{note}</p><Throughput farm={farm} /></Fact>;
}

function whenDone(farm: FarmNow): [string, ComponentChildren] {
  const open = (farm.jobs.active ?? 0) + (farm.jobs.queued ?? 0);
  if (!open) return ["Done", <>nothing is waiting<Allowed item="job" verb="create"> · <a href={here("/submit")}>submit a job</a></Allowed></>];
  const seconds = farm.time.seconds_left;
  if (seconds != null) return [whole(seconds), `left, at ${clock(now() + seconds)} · ${plural(open, "job")}`];
  if (farm.online) return ["Soon known", `${plural(open, "job")} · told after the first tasks`];
  return ["Waiting", `${plural(open, "job")} for a client that may work`];
}

function Wrong({ farm }: { farm: FarmNow }) {
  const found = problems(farm);
  const bad = found.some((one) => one.bad);
  return (
    <Fact question="What is wrong?" answer={found.length ? plural(found.length, "thing") : "Nothing"} state={bad ? "bad" : found.length ? "warn" : undefined}>
      <ul class="note">
        {found.slice(0, WRONG).map(({ text, to }) => <li key={text}>{to ? <a href={here(to)}>{text}</a> : text}</li>)}
        {found.length > WRONG && <li>and {found.length - WRONG} more</li>}
      </ul>
    </Fact>
  );
}

interface Trouble {
  text: string;
  to?: string;
  bad?: boolean;
}

function problems(farm: FarmNow): Trouble[] {
  const stopping = farm.stopping ? [{ text: `The farm takes nothing new: ${farm.stopping}`, bad: true }] : [];
  const failing = farm.failing.filter((job) => job.failed).map((job): Trouble => ({ text: `${titleOf(job)}: ${plural(job.failed, "task")} failed`, to: `/jobs/${job.id}`, bad: true }));
  const nobody = !farm.online && (farm.clients || farm.jobs.queued) ? [{ text: "No client is online; start one with brender worker" }] : [];
  return [...stopping, ...nobody, ...clientsIn(farm, "unwell"), ...(farm.online ? clientsIn(farm, "offline") : []), ...failing];
}

// One by its name, several by their number.
function clientsIn(farm: FarmNow, what: "unwell" | "offline"): Trouble[] {
  const count = farm[what];
  const [only] = farm.trouble.filter((client) => client.what === what);
  if (!count) return [];
  if (count > 1 || !only) return [{ text: `${plural(count, "client")} are ${what}`, to: `/clients?filter=${what}` }];
  return [{ text: only.reason ? `${only.name}: ${only.reason}` : `${only.name} is ${what}`, to: `/clients/${only.id}` }];
}
