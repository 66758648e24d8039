// Every task of a step in two arrays: its state, and how long it took.
//
// How does this work?  `Cells` takes what the server has of a step and then what events tell; it remembers which cells have changed since
// the grid was painted, and tells whoever paints it (`watchers`).  Times are the server's logarithmic codes (docs/api.md "The grid"), compared without being turned into seconds.

export const STATES = ["waiting", "ready", "active", "completed", "failed", "canceled"] as const;

const COMPLETED = STATES.indexOf("completed");
const SAMPLES = 4000; // cells that tell what is quick and what is slow
const SPREAD = [0.02, 0.98] as const; // of them; what is beyond is as light or dark as can be

export class Cells {
  readonly count: number;
  readonly counts = new Uint32Array(STATES.length);
  readonly watchers = new Set<() => void>();
  private changed: number[] = [];

  constructor(
    readonly states: Uint8Array,
    readonly times: Uint16Array,
  ) {
    this.count = states.length;
    for (let cell = 0; cell < this.count; cell++) this.counts[states[cell]!]! += 1;
  }

  set(cell: number, state: number, time: number) {
    const before = this.states[cell];
    if (before === undefined) return;
    this.counts[before]! -= 1;
    this.counts[state]! += 1;
    this.states[cell] = state;
    if (time) this.times[cell] = time;
    this.changed.push(cell);
  }

  // All that came at once is set.
  tell() {
    this.watchers.forEach((watcher) => watcher());
  }

  take(): number[] {
    const { changed } = this;
    this.changed = [];
    return changed;
  }

  // The codes between which shades are spread.
  spread(): [number, number] {
    const found: number[] = [];
    const stride = Math.max(1, Math.floor(this.count / SAMPLES));
    for (let cell = 0; cell < this.count; cell += stride) {
      const time = this.times[cell]!;
      if (time && this.states[cell] === COMPLETED) found.push(time);
    }
    if (!found.length) return [0, 1];
    found.sort((one, other) => one - other);
    const at = (share: number) => found[Math.min(found.length - 1, Math.floor(share * found.length))]!;
    return [at(SPREAD[0]), Math.max(at(SPREAD[1]), at(SPREAD[0]) + 1)];
  }
}

// Cells that are chosen: ranges from a first to a last one, in order, none touching the next.
export type Ranges = readonly (readonly [number, number])[];

export function added(ranges: Ranges, first: number, last: number): Ranges {
  const all = [...ranges, [Math.min(first, last), Math.max(first, last)] as const].sort((one, other) => one[0] - other[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of all) {
    const before = joined.at(-1);
    if (before && from <= before[1] + 1) before[1] = Math.max(before[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

export const size = (ranges: Ranges) => ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);

export const has = (ranges: Ranges, cell: number) => ranges.some(([from, to]) => from <= cell && cell <= to);

export const written = (ranges: Ranges) => ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
