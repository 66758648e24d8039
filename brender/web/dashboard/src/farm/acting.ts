// Verbs on what somebody has chosen: shown at once, done, told in a sentence, and taken back where that can be.
//
// How does this work?  `act` says what is expected (`expected`), asks the server, and tells what was done, or why it could not be; the
// events show it.  A verb says what it `expects` of a thing where that is certain.  Where a verb has an opposite, the sentence has an Undo for
// exactly the things that were changed.

import { sorry, tell } from "../app/toasts";
import { number, plural } from "../words";
import { API, Sorry, change } from "./api";
import type { Changed, Client, Job } from "./api";
import { expect, idOf } from "./expected";
import type { Expects } from "./expected";

const PATIENCE = 30_000; // milliseconds; whoever has not answered by then does not answer

export interface Verb {
  name: string; // as in the address
  title: string; // on the button
  done: string; // "paused"
  later?: string; // in its place, of what is there for a while yet
  back?: Verb["name"];
  sure?: boolean; // asks once more, as it cannot be undone
  method?: "POST" | "PATCH" | "DELETE";
  expects?: Expects; // what is different of a thing then
}

const begun = ({ state }: Pick<Job, "state">) => state === "queued" || state === "active";
const open = (job: Pick<Job, "state">) => begun(job) || job.state === "paused";

export const JOB_VERBS: readonly Verb[] = [
  { name: "pause", title: "Pause", done: "paused", back: "resume", expects: (job: Job) => (begun(job) ? { state: "paused" } : undefined) },
  {
    name: "resume", title: "Resume", done: "resumed", back: "pause",
    expects: (job: Job) => (job.state === "paused" ? { state: job.started == null ? "queued" : "active" } : undefined),
  },
  { name: "retry", title: "Retry failed", done: "tried again" },
  { name: "cancel", title: "Cancel", done: "canceled", sure: true, expects: (job: Job) => (open(job) ? { state: "canceled" } : undefined) },
];

export const CLIENT_VERBS: readonly Verb[] = [
  { name: "enable", title: "Enable", done: "enabled", back: "disable", expects: (): Partial<Client> => ({ status: "enabled" }) },
  { name: "disable", title: "Disable", done: "disabled; what runs is finished", back: "enable", expects: (): Partial<Client> => ({ status: "disabled" }) },
  { name: "restart", title: "Restart", done: "told to start anew when what runs is finished" },
  { name: "drain", title: "Drain", done: "told to end when what runs is finished", sure: true },
];

export const TASK_VERBS: readonly Verb[] = [
  { name: "retry", title: "Retry", done: "tried again" },
  { name: "requeue", title: "Run again", done: "run again" },
  { name: "cancel", title: "Cancel", done: "canceled", sure: true },
];

export interface Acted {
  item: "job" | "client" | "task" | "step" | "pool" | "tag" | "limit";
  within?: string; // "jobs/3/", of what is part of a job
  verb: Verb;
  filter: string; // which
  things?: readonly object[]; // those of them that are seen
  body?: unknown;
  done?: () => void; // when it was
}

interface Told {
  id?: number | string;
  name?: string;
  error?: string; // why not this one
  changed?: boolean;
  deleted?: boolean; // false while it is there yet
}

export async function act(acted: Acted): Promise<void> {
  try {
    const answer = await attempt(acted);
    const { changed, data } = answer;
    const refused = data.flatMap(({ error }) => error ?? []);
    if (refused.length && !changed) throw new Sorry(listed(refused));
    const sentence = said(acted, answer, refused.length);
    tell([sentence, refused.length && listed(refused)].filter(Boolean).join(" "), undo(acted, data.filter((one) => !one.error), changed));
    acted.done?.();
  } catch (error) {
    sorry(error);
  }
}

// "2 jobs deleted, 1 job to be deleted as soon as..., 1 of 4 stays as it is."
function said({ item, verb }: Acted, { matched, changed, data }: Changed<Told>, refused: number): string {
  const leaving = data.filter(({ deleted }) => deleted === false);
  const done = changed - leaving.filter((one) => one.changed).length;
  const already = matched - done - leaving.length - refused;
  const parts = [
    (done > 0 || !leaving.length) && `${plural(done, item)} ${verb.done}`,
    leaving.length > 0 && `${plural(leaving.length, item)} ${verb.later ?? verb.done}`,
    already > 0 && `${already} of ${matched} ${already === 1 ? "stays as it is" : "stay as they are"}`,
  ];
  return `${parts.filter(Boolean).join(", ")}.`;
}

// Asks the server, and shows until it has answered what is expected; raises what it refuses.
export async function attempt({ item, within = "", verb, filter, things = [], body }: Acted): Promise<Changed<Told>> {
  const { method = "POST" } = verb;
  const address = `${API}/${within}${item}s${method === "POST" ? `/${verb.name}` : ""}?filter=${encodeURIComponent(filter)}`;
  const expectation = expect(item, things.map(idOf), verb.expects);
  try {
    const answer = await change<Changed<Told>>(method, address, body, { signal: AbortSignal.timeout(PATIENCE) });
    expectation.agreed(new Set(answer.data.filter(({ error }) => error).map(idOf)));
    return answer;
  } catch (error) {
    expectation.over();
    throw error;
  }
}

const listed = ([first = "", ...more]: readonly string[]) => (more.length ? `${first} And ${number(more.length)} more.` : first);

function undo({ item, verb }: Acted, data: readonly Told[], changed: number) {
  const back = [...JOB_VERBS, ...CLIENT_VERBS].find(({ name }) => name === verb.back);
  if (!back || !changed || changed !== data.length) return undefined; // who was changed is not known
  const { back: _, ...once } = back;
  return () => void act({ item, verb: once, filter: ids(data.map(idOf)), things: data });
}

export const ids = (all: Iterable<number | string>) => `id=${[...all].join(",")}`;
