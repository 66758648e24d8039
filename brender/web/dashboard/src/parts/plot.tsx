// A plot over time or over frames, by uPlot, in the colours of the page; and the same in words for who does not see it.

import type uPlot from "uplot";
import { useEffect, useRef, useState } from "preact/hooks";
import { isDark } from "../app/theme";
import { clock } from "../words";

export interface Line {
  name: string;
  colour: string; // a custom property: "--active"
  dash?: number[]; // so that lines are told apart without colour
  points?: boolean; // and no line between them
  fill?: boolean;
  write: (value: number) => string;
}

// What draws it takes up to thirty milliseconds to be ready, and so is fetched when the rest of a page stands.
let library: typeof uPlot | undefined;

export const plotting = async () => (library ??= (await import("uplot")).default);

const roomFor = (text: string) => Math.max(60, 7.5 * text.length + 16); // pixels

interface Shown {
  label: string; // what a screen reader says
  lines: readonly Line[];
  data: readonly (readonly (number | null)[])[]; // x, then each line
  time?: boolean; // x is in seconds of the epoch
  writeX?: (value: number) => string;
  most?: number; // y goes at least up to there
  height?: number;
  mark?: (x: number | null) => void; // where the pointer is
  press?: (x: number) => void;
}

export function Plot({ label, lines, data, time = false, writeX, most, height = 160, mark, press }: Shown) {
  const place = useRef<HTMLDivElement>(null);
  const made = useRef<uPlot | null>(null);
  const newest = useRef({ mark, press });
  newest.current = { mark, press };
  const dark = isDark();
  const [Drawn, setDrawn] = useState(() => library);
  useEffect(() => void (Drawn || plotting().then((ready) => setDrawn(() => ready), () => undefined)), []);
  useEffect(() => {
    if (!Drawn) return;
    const box = place.current!; // as it is told of its size once more when it is gone
    const style = getComputedStyle(box);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: `12px ${style.fontFamily}` };
    const plot = new Drawn(
      {
        width: box.clientWidth,
        height,
        scales: { x: { time }, y: { range: (_, least, top) => [Math.min(0, least ?? 0), Math.max(most ?? 0, (top ?? 1) * 1.08) || 1] } },
        axes: [
          { ...axis, ...(time ? { values: (_: uPlot, ticks: number[]) => ticks.map(clock) } : {}), ...(writeX ? { values: (_: uPlot, ticks: number[]) => ticks.map(writeX), space: (_: uPlot, __: number, ___: number, last: number) => roomFor(writeX(Math.floor(last))) } : {}) },
          { ...axis, size: 64, values: (_: uPlot, ticks: number[]) => ticks.map((tick) => lines[0]!.write(tick)) },
        ],
        series: [
          { label: time ? "when" : "which", ...(time ? { value: (_: uPlot, x: number | null) => clock(x) } : {}), ...(writeX ? { value: (_: uPlot, x: number | null) => (x == null ? "" : writeX(x)) } : {}) },
          ...lines.map((line) => ({
            label: line.name,
            stroke: colour(line.colour),
            ...(line.fill ? { fill: `${colour(line.colour)}22` } : {}),
            ...(line.dash ? { dash: line.dash } : {}),
            ...(line.points ? { paths: () => null, points: { show: true, size: 4, fill: colour(line.colour) } } : { points: { show: false }, width: 1.5 }),
            value: (_: uPlot, y: number | null) => (y == null ? "–" : line.write(y)),
          })),
        ],
        cursor: { drag: { x: true, y: false } },
        hooks: { setCursor: [(one: uPlot) => newest.current.mark?.(one.cursor.idx == null ? null : (one.data[0][one.cursor.idx] ?? null))] },
      },
      data as unknown as uPlot.AlignedData,
      box,
    );
    made.current = plot;
    const watched = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height }));
    watched.observe(box);
    const pressed = () => plot.cursor.idx != null && newest.current.press?.(plot.data[0][plot.cursor.idx]!);
    plot.over.addEventListener("dblclick", pressed);
    return () => {
      watched.disconnect();
      plot.destroy();
    };
  }, [Drawn, dark, lines.map((line) => line.name).join(), height, time]);
  useEffect(() => made.current?.setData(data as unknown as uPlot.AlignedData), [data]);
  return <div ref={place} class="plot" role="img" aria-label={label} />;
}
