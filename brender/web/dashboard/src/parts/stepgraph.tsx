// The steps of a job and which waits for which, as a graph: from left to right, each step with its progress.
//
// How does this work?  A step stands one column right of the last step that it waits for.  The graph is a list for who does not see it: every step is a
// button that says what it is, and the arrows are only drawn.

import { number } from "../words";

interface Shown {
  steps: readonly Drawn[];
  chosen: string;
  choose: (name: string) => void;
}

export interface Drawn {
  name: string;
  tasks: number;
  completed: number;
  failed: number;
  active: number;
  depends_on?: readonly string[] | null;
}

const WIDTH = 214;
const HEIGHT = 64;
const GAP = { x: 56, y: 14 };

export function StepGraph({ steps, chosen, choose }: Shown) {
  const columns = placed(steps);
  const places = new Map(columns.flatMap((column, x) => column.map((step, y) => [step.name, { x: x * (WIDTH + GAP.x), y: y * (HEIGHT + GAP.y) }] as const)));
  const width = columns.length * (WIDTH + GAP.x) - GAP.x;
  const height = Math.max(...columns.map((column) => column.length)) * (HEIGHT + GAP.y) - GAP.y;
  return (
    <div class="step-graph">
      <div style={{ width: `${width}px`, height: `${height}px`, position: "relative" }}>
        <svg width={width} height={height} aria-hidden="true">
          {steps.flatMap((step) => (step.depends_on ?? []).map((before) => <Arrow key={`${before} ${step.name}`} from={places.get(before)} to={places.get(step.name)} />))}
        </svg>
        <ol>
          {steps.map((step) => {
            const place = places.get(step.name)!;
            const after = step.depends_on?.length ? `, after ${step.depends_on.join(" and ")}` : "";
            return (
              <li key={step.name} style={{ left: `${place.x}px`, top: `${place.y}px`, width: `${WIDTH}px`, height: `${HEIGHT}px` }}>
                <button type="button" aria-pressed={step.name === chosen} onClick={() => choose(step.name)} data-state={stateOf(step)}>
                  <strong>{step.name}</strong>
                  <span>{number(step.completed)}/{number(step.tasks)}{step.failed ? ` · ${number(step.failed)} failed` : ""}<span class="visually-hidden">{after}</span></span>
                  <span class="step-bar" aria-hidden="true"><span style={{ width: `${step.tasks ? (100 * step.completed) / step.tasks : 0}%` }} /></span>
                </button>
              </li>
            );
          })}
        </ol>
      </div>
    </div>
  );
}

function stateOf(step: Drawn) {
  if (step.failed) return "failed";
  if (step.completed === step.tasks) return "completed";
  return step.active ? "active" : "waiting";
}

function placed(steps: readonly Drawn[]): Drawn[][] {
  const column = new Map<string, number>();
  const known = new Map(steps.map((step) => [step.name, step]));
  const find = (step: Drawn): number => {
    const before = column.get(step.name);
    if (before != null) return before;
    column.set(step.name, 0); // who waits in a circle would never be placed
    const found = Math.max(0, ...(step.depends_on ?? []).flatMap((name) => (known.has(name) ? [find(known.get(name)!) + 1] : [])));
    column.set(step.name, found);
    return found;
  };
  const columns: Drawn[][] = [];
  for (const step of steps) (columns[find(step)] ??= []).push(step);
  return columns;
}

interface Point {
  x: number;
  y: number;
}

function Arrow({ from, to }: { from: Point | undefined; to: Point | undefined }) {
  if (!from || !to) return null;
  const [x, y, end, level] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x - 7, to.y + HEIGHT / 2];
  const middle = (x + end) / 2;
  return (
    <g>
      <path class="arrow" d={`M${x} ${y}C${middle} ${y} ${middle} ${level} ${end} ${level}`} />
      <path class="arrow-head" d={`M${end} ${level - 4}l8 4-8 4z`} />
    </g>
  );
}
