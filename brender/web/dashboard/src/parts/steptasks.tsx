// One step of a job: its tasks as a grid, how long they took as a plot, and what can be done with those that are chosen.

import { useEffect, useRef, useState } from "preact/hooks";
import { go } from "../app/router";
import { TASK_VERBS, act } from "../farm/acting";
import type { Verb } from "../farm/acting";
import { nameOf, secondsOf, useCells } from "../farm/tasks";
import type { Space } from "../farm/tasks";
import { duration } from "../words";
import { VerbButton } from "./button";
import { STATES, written } from "./cells";
import type { Cells, Ranges } from "./cells";
import { Grid } from "./grid";
import { Plot, plotting } from "./plot";
import { Note, Wait } from "./trouble";

const PLOTTED = 4000; // points at most

interface Shown {
  job: number;
  owner: string; // of the job
  step: string;
  space: Space | null | undefined;
  frame: string | null | undefined;
  there: () => void; // all of it is on the page, as far as it will be
}

export function StepTasks({ job, owner, step, space, frame, there }: Shown) {
  const { cells, turn, sorry } = useCells(job, step);
  useEffect(() => void (sorry && there()), [sorry]);
  if (!cells) return sorry ? <Note sorry={sorry} /> : <Wait />;
  const named = (cell: number) => nameOf(space, frame, cell);
  const describe = (cell: number) => {
    const took = duration(secondsOf(cells.times[cell] ?? 0));
    return `${named(cell)}: ${STATES[cells.states[cell] ?? 0]}${took ? `, ${took}` : ""}`;
  };
  const open = (cell: number) => go(`/jobs/${job}/tasks/${encodeURIComponent(`${step}:${cell}`)}`);
  const actions = (chosen: Ranges, done: () => void) => (
    <>
      {TASK_VERBS.map((verb) => <VerbButton key={verb.name} item="task" verb={verb} owners={[owner]} run={() => void run(job, step, chosen, verb).then(done)} />)}
      <button type="button" class="btn btn-sm btn-outline-secondary" onClick={() => open(chosen[0]?.[0] ?? 0)}>Show log</button>
    </>
  );
  return (
    <>
      <Grid cells={cells} label={`Tasks of ${step}`} describe={describe} open={open} actions={actions} />
      <Times key={String(space != null)} cells={cells} turn={turn} named={named} open={open} there={there} />
    </>
  );
}

function run(job: number, step: string, chosen: Ranges, verb: Verb) {
  const filter = `step=${JSON.stringify(step)} and task=${written(chosen)}`;
  return act({ item: "task", verb, filter, within: `jobs/${job}/` });
}

// How long each task took; of many, so many as there is room for.
function Times({ cells, turn, named, open, there }: { cells: Cells; turn: number; named: (cell: number) => string; open: (cell: number) => void; there: () => void }) {
  const data = usePoints(cells, turn);
  useEffect(() => void (data && there()), [data]);
  if (!data || data[0].length < 2) return null;
  return (
    <Plot
      label="Time a task" data={data} writeX={(task) => (Number.isInteger(task) && task >= 0 && task < cells.count ? named(task) : "")} press={open}
      lines={[{ name: "time a task", colour: "--accent", points: cells.count < FEW, write: (seconds) => (seconds > 0 ? duration(seconds) : "0 s") }]}
    />
  );
}

const FEW = 400; // tasks that are plotted anew at once
const CALM = 2000; // milliseconds between two plots of more

// After the grid is painted, and then again some time after tasks have changed.
function usePoints(cells: Cells, turn: number): [number[], number[]] | undefined {
  const [data, set] = useState<[number[], number[]]>();
  const timer = useRef(0);
  const soon = (milliseconds: number) => {
    const mine = (timer.current ||= setTimeout(async () => {
      await plotting().catch(() => undefined); // so that nothing moves when it comes
      if (timer.current !== mine) return;
      timer.current = 0;
      set(points(cells));
    }, milliseconds));
  };
  useEffect(() => {
    soon(0);
    return () => {
      clearTimeout(timer.current);
      timer.current = 0;
    };
  }, [cells]);
  useEffect(() => soon(cells.count < FEW ? 0 : CALM), [turn]);
  return data;
}

function points(cells: Cells): [number[], number[]] {
  const stride = Math.max(1, Math.ceil(cells.count / PLOTTED));
  const at: number[] = [];
  const took: number[] = [];
  for (let cell = 0; cell < cells.count; cell += stride) {
    const seconds = secondsOf(cells.times[cell] ?? 0);
    if (seconds == null) continue;
    at.push(cell);
    took.push(seconds);
  }
  return [at, took];
}
