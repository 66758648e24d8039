// What happens on the farm, as it happens: ONE stream of events for the whole application.
//
// How does this work?  `hear` is told of each event of a kind; what all hearers want together, and no more (`Only`), is asked of the
// server, from the last event on, so that nothing is missed when that changes, when a connection breaks, or when a tab comes back from the
// background, where it lets the stream go.  Every answer of the server says after which event it was made: the first of them tells where to
// begin.  Whoever ends hearing leaves the stream as it is for a moment, as others come soon.  When the server does not know any more what
// was missed, `reread` counts on and whoever has loaded something loads it anew (`useLoaded`).  `link` says how things are, and since when.

import { signal } from "@preact/signals";
import type { Client, Job } from "./api";
import type { Figures } from "./now";
import { API, ask, here, listeners, query } from "./api";
import { learnTime, now } from "./clock";

const AGAIN = 1500; // milliseconds until the next try
const GATHER = 50; // milliseconds in which others may want to hear something, too
const LINGER = 1000; // milliseconds for which more is heard than anybody wants
const PACE = 0.15; // seconds between two things that are told
const REST = 20_000; // milliseconds in the background after which nothing is followed

export interface Gone {
  kind: string;
  ids: (number | string)[];
}

// A run of tasks: the first, how many, their state, and if those have changed the codes of how long they took.
export type Run = [first: number, count: number, state: number, took?: number[]];

// Which tasks of a job have changed; with `anew` so much that the grids are to be read again.
export interface TasksChanged {
  job: number;
  anew: boolean;
  steps: { step: string; runs: Run[] }[];
}

export interface Kinds {
  job: Job[];
  client: Client[];
  farm: Record<string, unknown>;
  figures: Figures;
  gone: Gone;
  task: TasksChanged;
  setting: unknown;
  view: unknown;
}

export type Kind = keyof Kinds;

// What of jobs or clients is wanted: events have only these attributes then (and the id), and only things of these numbers, as in "3,7-9,120-".
export interface Only {
  fields?: readonly string[];
  ids?: string;
  since?: number; // after which event what is shown was read
  after?: number; // nothing is known of what came before this event
}

type Heard = (data: never) => void;

interface Hearer {
  kind: Kind;
  heard: Heard;
  job: number | undefined;
  only: Only;
  since: number | undefined;
  after: number | undefined;
  asked: boolean; // the stream that there is was asked for what it wants
}

export interface Link {
  state: "connecting" | "live" | "lost";
  since: number; // seconds of the epoch
}

export const link = signal<Link>({ state: "connecting", since: now() });

export const reread = signal(0); // everything that is shown has to be read again

export const skipped = signal(0); // events of things may have been left out: these are read again

// Told of whatever is told to anybody: nothing is asked of the server for these.
export const overhearing = new Set<(kind: Kind, data: unknown) => void>();

const hearers = new Set<Hearer>();
let source: EventSource | null = null;
let followed = ""; // what the source was asked
let refused = ""; // the question that was not answered last
let last: number | null = null; // the number of the last event
let began = Infinity; // and the one after which the first answer was made
let planned = 0;
let due = Infinity;
let nap = 0;
let asleep = false;

// Gives the function that ends it.  Tasks are told of one job only.
export function hear<K extends Kind>(kind: K, heard: (data: Kinds[K]) => void, job?: number, only: Only = {}): () => void {
  const hearer: Hearer = { kind, heard: heard as Heard, job, only, since: only.since ?? last ?? undefined, after: only.after, asked: false };
  hearers.add(hearer);
  hearer.asked = source != null && question() === followed;
  open(GATHER);
  return () => {
    hearers.delete(hearer);
    open(LINGER);
  };
}

// Opened once for all that is asked for in one go; sooner if anything asks for that.
function open(milliseconds = 0) {
  const at = Date.now() + milliseconds;
  if (at >= due) return;
  due = at;
  clearTimeout(planned);
  planned = setTimeout(() => {
    due = Infinity;
    void follow();
  }, milliseconds);
}

const THINGS: ReadonlySet<Kind> = new Set(["job", "client"]);

// What all hearers want together.
function question() {
  const all = [...hearers];
  const things = all.filter(({ kind }) => THINGS.has(kind));
  const fields = things.every(({ only }) => only.fields) && [...new Set(things.flatMap(({ only }) => only.fields ?? []))].sort().join();
  const ids = things.every(({ kind, only }) => only.ids && kind === things[0]?.kind) && things.map(({ only }) => only.ids).join();
  return query({ kind: [...new Set(all.map(({ kind }) => kind))].sort().join(), job: all.find(({ job }) => job != null)?.job, ids, fields, every: PACE });
}

async function follow() {
  const wanted = question();
  if (source && wanted === followed && source.readyState !== EventSource.CLOSED) {
    for (const hearer of hearers) hearer.asked = true;
    return;
  }
  source?.close();
  source = null;
  if (!hearers.size || asleep) return;
  try {
    if (last == null) await ask(`${API}/farm`);
  } catch {
    // told below
  }
  if (last != null) return listen();
  lost(); // or somebody else answers
  open(AGAIN);
}

// Answers that were on their way together may come in another order than they were made in.
listeners.add((headers) => {
  learnTime(headers.get("Date"));
  const number = Number(headers.get("Last-Event-ID") ?? NaN);
  if (!(number < began)) return;
  began = last = number;
  if (!source) return;
  source.close();
  source = null;
  open();
});

function listen() {
  source?.close(); // another has been opened while the first answer was on its way
  followed = question();
  for (const hearer of hearers) {
    last = Math.min(last ?? Infinity, hearer.since ?? Infinity);
    hearer.since = undefined;
    hearer.asked = true;
  }
  for (const hearer of hearers) {
    if (hearer.after != null && hearer.after > (last ?? 0)) {
      last = hearer.after;
      skipped.value += 1;
    }
    hearer.after = undefined;
  }
  const stream = new EventSource(here(`${API}/events${followed}&since=${last}`));
  source = stream;
  stream.addEventListener("open", () => {
    refused = "";
    link.value = { state: "live", since: now() };
  });
  stream.addEventListener("error", () => {
    lost();
    if (stream.readyState === EventSource.CLOSED && source === stream) refuse();
  });
  stream.addEventListener("reset", (event) => {
    last = (JSON.parse(event.data) as { last_event: number }).last_event;
    reread.value += 1;
  });
  for (const kind of new Set([...hearers].map((hearer) => hearer.kind))) stream.addEventListener(kind, (event) => tell(kind, event));
}

// The server does not answer this question: what it asks about may be gone.  Whoever shows it looks again, once.
function refuse() {
  if (refused !== followed) {
    refused = followed;
    reread.value += 1;
  }
  open(AGAIN);
}

function tell(kind: Kind, event: MessageEvent<string>) {
  if (event.lastEventId) last = Number(event.lastEventId);
  const data = JSON.parse(event.data) as never;
  for (const hearer of [...hearers]) if (hearer.kind === kind && hearer.asked) hearer.heard(data);
  for (const told of overhearing) told(kind, data);
}

// The number of the event that is told just now.
export const eventNow = () => last ?? 0;

function lost() {
  if (link.value.state !== "lost") link.value = { state: "lost", since: now() };
}

// The browser knows before the stream does.
addEventListener("offline", () => {
  lost();
  source?.close();
  source = null;
});
addEventListener("online", () => open());

document.addEventListener("visibilitychange", () => {
  clearTimeout(nap);
  if (document.hidden) nap = setTimeout(rest, REST);
  else if (asleep) {
    asleep = false;
    open();
  }
});

function rest() {
  asleep = true;
  source?.close();
  source = null;
}
