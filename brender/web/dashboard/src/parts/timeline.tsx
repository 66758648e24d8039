// What a client did in its last day: a bar for each order, in as many lanes as it needs.
//
// How does this work?  Time goes from left to right; an order goes into the first lane that is free when it was given.  The bars are
// links, so that each can be reached; where a day has very many, those that would be narrower than a line are drawn and not linked.

import { here } from "../farm/api";
import type { Turn } from "../farm/api";
import { now } from "../farm/clock";
import { clock, duration } from "../words";

const LANE = 18; // pixels
const NARROW = 0.0015; // of the width
const HOURS = [0, 0.25, 0.5, 0.75, 1];

export function Timeline({ turns, span }: { turns: readonly Turn[]; span: number }) {
  const end = now();
  const begin = end - span;
  const placed = lanes(turns.filter((turn) => (turn.ended ?? end) >= begin), end);
  const count = Math.max(1, ...placed.map(({ lane }) => lane + 1));
  return (
    <div class="timeline">
      <ol style={{ height: `${count * LANE}px` }}>
        {placed.map(({ turn, lane }) => {
          const from = Math.max(0, (turn.issued - begin) / span);
          const width = Math.min(1, ((turn.ended ?? end) - begin) / span) - from;
          const words = `${turn.job_name || `Job ${turn.job}`}, ${turn.step}: ${turn.state}, ${clock(turn.issued)}, ${duration((turn.ended ?? end) - turn.issued)}${turn.reason && `. ${turn.reason}`}`;
          const style = { left: `${100 * from}%`, width: `max(2px, ${100 * width}%)`, top: `${lane * LANE}px`, height: `${LANE - 3}px` };
          const to = here(`/jobs/${turn.job}/tasks/${encodeURIComponent(`${turn.step}:${turn.first}`)}?order=${turn.order}`);
          return <li key={turn.order} class="turn" data-state={turn.state} style={style} title={words}>{width > NARROW && <a href={to}><span class="visually-hidden">{words}</span></a>}</li>;
        })}
      </ol>
      <div class="timeline-axis" aria-hidden="true">{HOURS.map((share) => <span key={share} style={{ left: `${100 * share}%` }}>{clock(begin + share * span)}</span>)}</div>
    </div>
  );
}

function lanes(turns: readonly Turn[], end: number): { turn: Turn; lane: number }[] {
  const free: number[] = []; // when each lane is
  return turns.toSorted((one, other) => one.issued - other.issued).map((turn) => {
    const found = free.findIndex((time) => time <= turn.issued);
    const lane = found < 0 ? free.length : found;
    free[lane] = turn.ended ?? end;
    return { turn, lane };
  });
}
