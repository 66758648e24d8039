// Verbs on what somebody has chosen: done, told in a sentence, and taken back where that can be.
//
// How does this work?  `act` asks the server and tells what was done, or why it could not be; the events show it.  Where a verb has an opposite, the sentence has an Undo for exactly the things that were changed.

import { sorry, tell } from "../app/toasts";
import { plural } from "../words";
import { API, change } from "./api";
import type { Changed } from "./api";

export interface Verb {
  name: string; // as in the address
  title: string; // on the button
  done: string; // "paused"
  back?: Verb["name"];
  sure?: boolean; // asks once more, as it cannot be undone
  method?: "POST" | "DELETE";
}

export const JOB_VERBS: readonly Verb[] = [
  { name: "pause", title: "Pause", done: "paused", back: "resume" },
  { name: "resume", title: "Resume", done: "resumed", back: "pause" },
  { name: "retry", title: "Retry failed", done: "tried again" },
  { name: "cancel", title: "Cancel", done: "canceled", sure: true },
];

export const CLIENT_VERBS: readonly Verb[] = [
  { name: "enable", title: "Enable", done: "enabled", back: "disable" },
  { name: "disable", title: "Disable", done: "disabled; what runs is finished", back: "enable" },
  { name: "restart", title: "Restart", done: "told to start anew when what runs is finished" },
  { name: "drain", title: "Drain", done: "told to end when what runs is finished", sure: true },
];

export const TASK_VERBS: readonly Verb[] = [
  { name: "retry", title: "Retry", done: "tried again" },
  { name: "requeue", title: "Run again", done: "run again" },
];

const doneBy = (name: string) => [...JOB_VERBS, ...CLIENT_VERBS].find((verb) => verb.name === name)?.done ?? "changed back";

export interface Acted {
  item: "job" | "client" | "task" | "step";
  within?: string; // "jobs/3/", of what is part of a job
  verb: Verb;
  filter: string; // which
  body?: unknown;
}

export async function act<T extends { id: number | string }>({ item, within = "", verb, filter, body }: Acted): Promise<T[]> {
  try {
    const method = verb.method ?? "POST";
    const address = `${API}/${within}${item}s${method === "DELETE" ? "" : `/${verb.name}`}?filter=${encodeURIComponent(filter)}`;
    const { changed, matched, data } = await change<Changed<T>>(method, address, body);
    const already = matched > changed ? `, ${matched - changed} of ${matched} were so already` : "";
    tell(`${plural(changed, item)} ${verb.done}${already}.`, undo(item, verb, data, changed));
    return data;
  } catch (error) {
    sorry(error);
    return [];
  }
}

function undo(item: Acted["item"], verb: Verb, data: readonly { id: number | string }[], changed: number) {
  const { back } = verb;
  if (!back || !changed || changed !== data.length) return undefined; // who was changed is not known
  const filter = ids(data.map((thing) => thing.id));
  return () => void act({ item, verb: { name: back, title: "", done: doneBy(back) }, filter });
}

export const ids = (all: Iterable<number | string>) => `id=${[...all].join(",")}`;
