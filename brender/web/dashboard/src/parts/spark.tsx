// A small plot without axes: what it shows stands in words beside it.

const WIDE = 600;
const HIGH = 100;

interface Shown {
  label: string; // what a screen reader says
  times: readonly number[];
  values: readonly (readonly number[])[]; // one upon the other
  most: number; // what the top is
  states: readonly string[]; // of each of the values: the colour
  bars?: boolean;
}

export function Spark({ label, times, values, most, states, bars = false }: Shown) {
  const from = times[0];
  const until = times.at(-1);
  if (from == null || until == null || until <= from) return null;
  const x = (time: number) => ((time - from) / (until - from)) * WIDE;
  const slot = WIDE / times.length; // of a bar
  const y = (value: number) => HIGH - (Math.min(value, most) / (most || 1)) * HIGH;
  const sums = values.map((_, line) => times.map((_, place) => values.slice(0, line + 1).reduce((sum, one) => sum + (one[place] ?? 0), 0)));
  const below = (line: number, place: number) => sums[line - 1]?.[place] ?? 0;
  return (
    <svg class="spark" role="img" aria-label={label} viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none">
      {sums.map((sum, line) =>
        bars ? (
          <path key={states[line]} class="spark-bars" data-state={states[line]} d={sum.flatMap((value, place) => (value > below(line, place) ? [`M${(slot * (place + 0.08)).toFixed(1)} ${y(below(line, place)).toFixed(1)}V${y(value).toFixed(1)}h${(slot * 0.84).toFixed(1)}V${y(below(line, place)).toFixed(1)}z`] : [])).join("")} />
        ) : (
          <path key={states[line]} class="spark-area" data-state={states[line]} d={`M0 ${HIGH}${sum.map((value, place) => `L${x(times[place]!).toFixed(1)} ${y(value).toFixed(1)}`).join("")}L${WIDE} ${HIGH}Z`} />
        ),
      )}
    </svg>
  );
}
