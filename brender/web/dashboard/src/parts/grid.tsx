// The frame grid of a step: the picture of its tasks, its legend, and what can be done with those that are chosen.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isDark } from "../app/theme";
import { number, plural } from "../words";
import { STATES, size } from "./cells";
import type { Cells, Ranges } from "./cells";
import { GridView } from "./gridview";
import { Shape } from "./state";

interface Shown {
  cells: Cells;
  label: string;
  describe: (cell: number) => string; // "frame 14: failed after 3.2 s"
  open: (cell: number) => void;
  actions: (chosen: Ranges, done: () => void) => ComponentChildren;
}

export function Grid({ cells, label, describe, open, actions }: Shown) {
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const full = useRef<HTMLDivElement>(null);
  const view = useRef<GridView | null>(null);
  const newest = useRef(open);
  newest.current = open;
  const [chosen, setChosen] = useState<Ranges>([]);
  const [at, setAt] = useState<number | null>(null);
  const [only, setOnly] = useState<number | null>(null);
  const dark = isDark();
  useLayoutEffect(() => {
    const made = new GridView(place.current!, canvas.current!, full.current!, cells, {
      chosen: setChosen,
      at: setAt,
      open: (cell) => newest.current(cell),
      sized: () => undefined,
    });
    view.current = made;
    return () => made.end();
  }, []);
  useLayoutEffect(() => view.current?.show(cells), [cells]);
  useEffect(() => view.current?.restyle(), [dark]);
  const emphasize = (state: number) => {
    const next = only === state ? null : state;
    setOnly(next);
    view.current?.emphasize(next);
  };
  const press = (event: KeyboardEvent) => {
    if (view.current?.key(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  const none = () => view.current?.choose([]);
  return (
    <div class="grid">
      <div class="legend">
        {STATES.map((state, place) => cells.counts[place]! > 0 && (
          <button key={state} type="button" class="legend-state" data-state={state} aria-pressed={only === place} title={`Only ${state} tasks stand out`} onClick={() => emphasize(place)}>
            <Shape state={state} />{number(cells.counts[place]!)} {state === "active" ? "running" : state}
          </button>
        ))}
        <span class="zoom">
          <button type="button" class="plain" aria-label="Smaller cells" onClick={() => view.current?.zoom(-1)}>−</button>
          <button type="button" class="plain" aria-label="Larger cells" onClick={() => view.current?.zoom(1)}>+</button>
        </span>
      </div>
      <div
        ref={place} class="grid-place" tabIndex={0} role="application" aria-label={`${label}. Arrows move, Shift chooses, Enter opens, plus and minus zoom.`}
        onKeyDown={press} onFocus={() => view.current?.soon()} onBlur={() => view.current?.soon()}
      >
        <div ref={full} class="grid-full"><canvas ref={canvas} aria-hidden="true" /></div>
      </div>
      <p class="grid-at" role="status">{at == null ? "" : describe(at)}</p>
      {chosen.length > 0 && (
        <div class="chosen">
          <span>{plural(size(chosen), "task")} chosen</span>
          {actions(chosen, none)}
          <button type="button" class="link-like" onClick={none}>Choose none</button>
        </div>
      )}
    </div>
  );
}
