// All tasks of a step: read as one grid of bytes, kept up by events, and named by the values that its template declares.
//
// How does this work?  The grid's head says after which event it was taken; what the stream told before that does no harm, as it is about
// how tasks were then, and what comes after is applied.  The picture of the cells is told of each change (`Cells.tell`); numbers beside it
// follow a little later, however many come.  A `Space` tells which values a task has, without a list of a million.

import { useEffect, useReducer, useRef } from "preact/hooks";
import { Cells } from "../parts/cells";
import type { components } from "../api";
import { ask } from "./api";
import type { Sorry } from "./api";
import { eventNow } from "./live";
import type { TasksChanged } from "./live";
import { useHeard, useLoaded } from "./loading";
import { gridAddress } from "./steps";

export type Space = components["schemas"]["Space"];

const HEAD = 24; // bytes
const LEAST = 1e-4; // seconds of the code 1
const STEPS = 1500; // codes from a time to twice that time

export const secondsOf = (code: number) => (code ? LEAST * 2 ** ((code - 1) / STEPS) : null);

interface Grid {
  cells: Cells;
  after: number; // the event after which it was read; the server tells of tasks from there on
}

async function readGrid(job: number, step: string, signal: AbortSignal): Promise<Grid> {
  const response = await ask(gridAddress(job, step), { signal });
  const all = await response.arrayBuffer();
  const head = new DataView(all, 0, HEAD);
  const length = head.getUint16(6, true);
  const count = head.getUint32(16, true);
  const cells = new Cells(new Uint8Array(all, length, count), new Uint16Array(all, length + count + (count % 2), count));
  return { cells, after: Number(head.getBigUint64(8, true)) };
}

const CALM = 150; // milliseconds between two times at which numbers are written

// The cells of a step, live; `turn` counts up when they have changed, at most every `CALM`.
export function useCells(job: number, step: string): { cells: Cells | undefined; turn: number; sorry: Sorry | undefined } {
  const [turn, paint] = useReducer((count: number) => count + 1, 0);
  const held = useRef<{ cells: Cells; name: string } | null>(null);
  const waiting = useRef<{ number: number; steps: TasksChanged["steps"] }[]>([]);
  const timer = useRef(0);
  const { value, sorry, again } = useLoaded((signal) => readGrid(job, step, signal), [job, step]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const take = (steps: TasksChanged["steps"]) => {
    for (const { step: name, runs } of steps) {
      if (name !== held.current?.name) continue;
      for (const [first, count, state, took] of runs) for (let place = 0; place < count; place++) held.current.cells.set(first + place, state, took?.[place] ?? 0);
      held.current.cells.tell();
      timer.current ||= setTimeout(() => {
        timer.current = 0;
        paint(0);
      }, CALM);
    }
  };
  useEffect(() => {
    held.current = value ? { cells: value.cells, name: step } : null;
    for (const { number, steps } of waiting.current.splice(0)) if (value && number > value.after) take(steps);
  }, [value]);
  useHeard(
    "task",
    ({ anew, steps }) => {
      if (held.current && !anew) return take(steps);
      waiting.current.push({ number: eventNow(), steps }); // until the grid that is read now is there
      if (!anew) return;
      held.current = null;
      again();
    },
    job,
    value ? { after: value.after } : null,
  );
  return { cells: value?.cells, turn, sorry };
}

// The values of a task, by parameter.
export function valuesOf(space: Space, task: number): [string, string][] {
  if (space.joined?.length) return joined(space.joined, task);
  if (space.together?.length) return space.together.flatMap((part) => valuesOf(part, task));
  if (space.product?.length) return product(space.product, task);
  return space.parameter ? [[space.parameter, valueOf(space, task)]] : [];
}

function joined(parts: readonly Space[], task: number): [string, string][] {
  let left = task;
  for (const part of parts) {
    if (left < part.count) return valuesOf(part, left);
    left -= part.count;
  }
  return [];
}

function product(parts: readonly Space[], task: number): [string, string][] {
  let left = task;
  const found: [string, string][][] = [];
  for (const part of parts.toReversed()) {
    found.unshift(valuesOf(part, left % part.count));
    left = Math.floor(left / part.count);
  }
  return found.flat();
}

type Range = readonly [first: number, last: number, step: number];

const lengthOf = ([first, last, step]: Range) => Math.floor((last - first) / step) + 1;

function valueOf(space: Space, task: number): string {
  if (space.values?.length) return space.values[task] ?? "";
  const ranges = (space.ranges ?? []) as unknown as readonly Range[];
  if (!space.chunk) return String(numberAt(ranges, task) ?? "");
  return chunkAt(ranges, task, space.chunk, Boolean(space.gapless));
}

function numberAt(ranges: readonly Range[], place: number): number | undefined {
  let left = place;
  for (const range of ranges) {
    const length = lengthOf(range);
    if (left < length) return range[0] + left * range[2];
    left -= length;
  }
  return undefined;
}

function chunkAt(ranges: readonly Range[], task: number, chunk: number, gapless: boolean): string {
  if (!gapless) return between(numberAt(ranges, task * chunk), numberAt(ranges, task * chunk + chunk - 1) ?? ranges.at(-1)?.[1]);
  let left = task;
  for (const range of ranges) {
    const chunks = Math.ceil(lengthOf(range) / chunk);
    if (left < chunks) return between(numberAt([range], left * chunk), numberAt([range], left * chunk + chunk - 1) ?? range[1]);
    left -= chunks;
  }
  return "";
}

const between = (first: number | undefined, last: number | undefined) => (first === last ? String(first ?? "") : `${first}-${last}`);

// "frame 14", "tile 3, frame 14", or "task 3" where a task has no values.
export function nameOf(space: Space | null | undefined, frame: string | null | undefined, task: number): string {
  const values = space ? valuesOf(space, task) : [];
  if (!values.length) return `task ${task}`;
  return values.map(([name, value]) => `${name === frame ? (value.includes("-", 1) ? "frames" : "frame") : name} ${value}`).join(", ");
}
