// A million tasks as a picture: one cell each, coloured by state, shaded by time.
//
// How does this work?  `map` is an image with one pixel a cell, in rows as wide as the place allows at this size of a cell, and `shades` says
// how dark each time is.  What has changed is written into it, and only its rows go to the canvas behind; of that, the rows that are seen are drawn enlarged, without
// smoothing.  Where cells are large enough they get gaps and the sign of their state.  What is chosen and where the cursor is is drawn
// on top.  Nothing is drawn twice in a frame of the screen, and nothing at all when nothing has changed.

import { Cells, STATES, added, has } from "./cells";
import type { Ranges } from "./cells";
import { SIGNS } from "./state";

const SIZES = [1, 2, 3, 4, 6, 8, 11, 15, 20, 28]; // pixels of a cell's side
const GAP = 6; // from this size on cells have gaps
const SIGN = 11; // and from this one the sign of their state
const SHADES = 16;
const TIMES = 65_536; // codes of times
const NEAR = 8; // rows between two that have changed which are not worth a copy of their own
const COLOURS = ["--raised", "--track", "--ink", "--active", "--completed", "--failed", "--idle", "--accent"] as const;
const FIT = 300; // pixels of height in which all cells should be seen, where that can be
const STRONG = 0.55; // how far the quickest is mixed into the paper

export interface Told {
  chosen: (ranges: Ranges) => void;
  at: (cell: number | null) => void;
  open: (cell: number) => void;
  sized: (size: number) => void;
}

export class GridView {
  private readonly context: CanvasRenderingContext2D;
  private readonly back = document.createElement("canvas");
  private readonly watched: ResizeObserver;
  private map = new ImageData(1, 1);
  private pixels = new Uint32Array(1);
  private columns = 1;
  private size = 0; // of a cell
  private colours = new Uint32Array(STATES.length * SHADES);
  private words: string[] = []; // the colours of signs, by state
  private lines = { ink: "", accent: "", ground: "" };
  private style = ""; // the colours that all of these come from
  private shades = new Uint8Array(TIMES); // by the code of a time
  private ranges: Ranges = [];
  private cursor = 0;
  private anchor: number | null = null;
  private only: number | null = null; // a state that stands out
  private planned = 0;
  private stale = true; // the whole map
  private seen = false; // it has been painted once: the mark "grid" tells a measurement when

  constructor(
    private readonly place: HTMLElement, // scrolls
    private readonly canvas: HTMLCanvasElement, // as large as what is seen of the place
    private readonly full: HTMLElement, // as high as all rows
    private cells: Cells,
    private readonly told: Told,
  ) {
    this.context = canvas.getContext("2d", { alpha: false })!;
    this.watched = new ResizeObserver(() => this.fit());
    this.watched.observe(place);
    cells.watchers.add(this.soon);
    place.addEventListener("scroll", this.soon, { passive: true });
    canvas.addEventListener("pointerdown", this.press);
    canvas.addEventListener("pointermove", this.move);
    canvas.addEventListener("pointerup", this.lift);
    canvas.addEventListener("pointerleave", () => this.told.at(null));
    canvas.addEventListener("dblclick", (event) => { const cell = this.under(event); if (cell != null) this.told.open(cell); });
    place.addEventListener("wheel", this.wheel, { passive: false });
    this.restyle();
  }

  end() {
    this.watched.disconnect();
    this.cells.watchers.delete(this.soon);
    cancelAnimationFrame(this.planned);
    this.place.removeEventListener("scroll", this.soon);
    this.place.removeEventListener("wheel", this.wheel);
  }

  show(cells: Cells) {
    this.cells.watchers.delete(this.soon);
    this.cells = cells;
    cells.watchers.add(this.soon);
    this.stale = true;
    this.fit();
    if (!this.seen) performance.mark("grid");
    this.seen = true;
  }

  soon = () => {
    this.planned ||= requestAnimationFrame(() => {
      this.planned = 0;
      this.paint();
    });
  };

  // --- colours

  restyle() {
    const style = getComputedStyle(this.place);
    const text = [...COLOURS.map((name) => style.getPropertyValue(name).trim()), style.backgroundColor].join();
    if (text === this.style) return;
    this.style = text;
    const read = (name: (typeof COLOURS)[number]) => rgb(style.getPropertyValue(name).trim());
    const paper = read("--raised");
    const track = read("--track");
    const of = { waiting: track, ready: mixed(track, read("--ink"), 0.14), active: read("--active"), completed: read("--completed"), failed: read("--failed"), canceled: mixed(paper, read("--idle"), 0.55) };
    STATES.forEach((state, place) => {
      for (let shade = 0; shade < SHADES; shade++) {
        const depth = state === "completed" ? STRONG + ((1 - STRONG) * shade) / (SHADES - 1) : 1;
        this.colours[place * SHADES + shade] = packed(mixed(paper, of[state], depth));
      }
      const [red, green, blue] = of[state];
      this.words[place] = red * 0.299 + green * 0.587 + blue * 0.114 > 140 ? "#000" : "#fff";
    });
    this.lines = { ink: style.getPropertyValue("--ink"), accent: style.getPropertyValue("--accent"), ground: style.backgroundColor };
    this.stale = true;
    this.soon();
  }

  private shade() {
    const [least, most] = this.cells.spread();
    for (let time = 0; time < TIMES; time++) this.shades[time] = Math.max(0, Math.min(SHADES - 1, Math.round(((time - least) / (most - least)) * (SHADES - 1))));
    this.shades[0] = SHADES >> 1;
  }

  emphasize(state: number | null) {
    this.only = state;
    this.stale = true;
    this.soon();
  }

  private colour(cell: number): number {
    const state = this.cells.states[cell]!;
    const colour = this.colours[state * SHADES + this.shades[this.cells.times[cell]!]!]!;
    return this.only == null || this.only === state ? colour : ((colour & 0x00ffffff) | 0x30000000) >>> 0;
  }

  // --- sizes

  private get rows() {
    return Math.ceil(this.cells.count / this.columns);
  }

  private fit() {
    const { width, height } = this.place.getBoundingClientRect();
    if (!width) return;
    if (!this.size) this.size = SIZES.findLast((side) => Math.ceil(this.cells.count / Math.floor(width / side)) * side <= FIT) ?? SIZES[0]!;
    const inner = this.place.clientWidth;
    const columns = Math.max(1, Math.floor(inner / this.size));
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(inner * ratio);
    this.canvas.height = Math.round(Math.max(1, Math.min(height, this.place.clientHeight)) * ratio);
    this.canvas.style.width = `${inner}px`;
    this.canvas.style.height = `${this.canvas.height / ratio}px`;
    this.stale ||= columns !== this.columns || this.map.height !== Math.ceil(this.cells.count / columns);
    this.columns = columns;
    this.full.style.height = `${this.rows * this.size}px`;
    this.told.sized(this.size);
    this.paint();
  }

  zoom(by: 1 | -1, around = this.cursor) {
    const next = SIZES[SIZES.indexOf(this.size) + by];
    if (!next) return;
    const offset = Math.floor(around / this.columns) * this.size - this.place.scrollTop;
    this.size = next;
    this.fit();
    this.place.scrollTop = Math.floor(around / this.columns) * this.size - offset;
    this.soon();
  }

  private wheel = (event: WheelEvent) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? 1 : -1, this.under(event) ?? this.cursor);
  };

  // --- painting

  private paint() {
    if (this.stale) this.redraw();
    else this.update();
    const { context, size, columns } = this;
    const ratio = devicePixelRatio || 1;
    const top = this.place.scrollTop;
    const first = Math.floor(top / size);
    const seen = Math.min(this.rows - first, Math.ceil(this.canvas.height / ratio / size) + 1);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.imageSmoothingEnabled = false;
    context.fillStyle = this.lines.ground;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    if (seen <= 0) return;
    context.translate(0, -top);
    context.drawImage(this.back, 0, first, columns, seen, 0, first * size, columns * size, seen * size);
    if (size >= GAP) this.gaps(first, seen);
    if (size >= SIGN) this.signs(first, seen);
    this.marks(first, seen);
  }

  private redraw() {
    this.stale = false;
    this.shade();
    this.cells.take();
    this.map = new ImageData(this.columns, Math.max(1, this.rows));
    this.pixels = new Uint32Array(this.map.data.buffer);
    for (let cell = 0; cell < this.cells.count; cell++) this.pixels[cell] = this.colour(cell);
    this.back.width = this.map.width;
    this.back.height = this.map.height;
    this.back.getContext("2d")!.putImageData(this.map, 0, 0);
  }

  private update() {
    const changed = this.cells.take();
    if (!changed.length) return;
    const rows = new Set<number>();
    for (const cell of changed) {
      this.pixels[cell] = this.colour(cell);
      rows.add(Math.floor(cell / this.columns));
    }
    const context = this.back.getContext("2d")!;
    for (const [first, last] of blocks([...rows].sort((one, other) => one - other))) context.putImageData(this.map, 0, 0, 0, first, this.columns, last - first + 1);
  }

  private gaps(first: number, seen: number) {
    const { context, size, columns } = this;
    context.fillStyle = this.lines.ground;
    for (let row = first; row <= first + seen; row++) context.fillRect(0, row * size - 1, columns * size, 1);
    for (let column = 1; column <= columns; column++) context.fillRect(column * size - 1, first * size, 1, seen * size);
  }

  private signs(first: number, seen: number) {
    const { context, size, columns, cells } = this;
    context.font = `600 ${Math.round(size * 0.6)}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const last = Math.min(cells.count, (first + seen) * columns);
    for (let cell = first * columns; cell < last; cell++) {
      const state = cells.states[cell]!;
      if (this.only != null && this.only !== state) continue;
      context.fillStyle = this.words[state]!;
      context.fillText(SIGNS[STATES[state]!]!, (cell % columns) * size + size / 2 - 0.5, Math.floor(cell / columns) * size + size / 2);
    }
  }

  private marks(first: number, seen: number) {
    const { context, size, columns } = this;
    const begin = first * columns;
    const end = (first + seen) * columns - 1;
    context.fillStyle = this.lines.accent;
    for (const [from, to] of this.ranges) {
      for (let row = Math.floor(Math.max(from, begin) / columns); row <= Math.floor(Math.min(to, end) / columns); row++) {
        const left = Math.max(from, row * columns) % columns;
        const right = Math.min(to, (row + 1) * columns - 1) % columns;
        context.globalAlpha = 0.45;
        context.fillRect(left * size, row * size, (right - left + 1) * size, size);
        context.globalAlpha = 1;
        context.fillRect(left * size, (row + 1) * size - 2, (right - left + 1) * size, 2);
      }
    }
    if (document.activeElement === this.place || this.ranges.length) {
      context.strokeStyle = this.lines.ink;
      context.lineWidth = 2;
      const side = Math.max(size, 5);
      context.strokeRect((this.cursor % columns) * size - 1, Math.floor(this.cursor / columns) * size - 1, side, side);
    }
  }

  // --- pointing and choosing

  private under(event: MouseEvent): number | null {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / this.size);
    const row = Math.floor((event.clientY - box.top + this.place.scrollTop) / this.size);
    const cell = row * this.columns + column;
    return column >= 0 && column < this.columns && row >= 0 && cell < this.cells.count ? cell : null;
  }

  private press = (event: PointerEvent) => {
    const cell = this.under(event);
    if (cell == null || event.button) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.place.focus({ preventScroll: true });
    if (event.shiftKey) return this.choose(added(event.ctrlKey ? this.ranges : [], this.anchor ?? this.cursor, cell), cell);
    if (event.ctrlKey || event.metaKey) this.kept = this.ranges;
    else this.kept = [];
    this.anchor = cell;
    this.dragging = true;
    this.choose(added(this.kept, cell, cell), cell);
  };

  private kept: Ranges = [];
  private dragging = false;

  private move = (event: PointerEvent) => {
    const cell = this.under(event);
    this.told.at(cell);
    if (this.dragging && cell != null && this.anchor != null) this.choose(added(this.kept, this.anchor, cell), cell);
  };

  private lift = () => (this.dragging = false);

  choose(ranges: Ranges, cursor = this.cursor) {
    this.ranges = ranges;
    this.cursor = cursor;
    this.told.chosen(ranges);
    this.soon();
  }

  // --- by keyboard; whether the key means something here

  key(event: KeyboardEvent): boolean {
    const { columns, cursor } = this;
    const page = Math.max(1, Math.floor(this.place.clientHeight / this.size)) * columns;
    const to: Record<string, number> = {
      ArrowRight: cursor + 1, ArrowLeft: cursor - 1, ArrowDown: cursor + columns, ArrowUp: cursor - columns,
      PageDown: cursor + page, PageUp: cursor - page, Home: 0, End: this.cells.count - 1,
    };
    if (event.key === "Enter") this.told.open(cursor);
    else if (event.key === " ") this.choose(has(this.ranges, cursor) ? [] : added(this.ranges, cursor, cursor));
    else if (event.key === "Escape" && this.ranges.length) this.choose([]);
    else if (event.key === "a" && event.ctrlKey) this.choose(added([], 0, this.cells.count - 1));
    else if (event.key === "+" || event.key === "=") this.zoom(1);
    else if (event.key === "-") this.zoom(-1);
    else if (event.key in to) this.step(Math.max(0, Math.min(this.cells.count - 1, to[event.key]!)), event.shiftKey);
    else return false;
    return true;
  }

  private step(cell: number, extends_: boolean) {
    if (extends_) {
      this.anchor ??= this.cursor;
      this.choose(added([], this.anchor, cell), cell);
    } else {
      this.anchor = null;
      this.cursor = cell;
      this.soon();
    }
    this.told.at(cell);
    const top = Math.floor(cell / this.columns) * this.size;
    if (top < this.place.scrollTop) this.place.scrollTop = top;
    else if (top + this.size > this.place.scrollTop + this.place.clientHeight) this.place.scrollTop = top + this.size - this.place.clientHeight;
  }
}

// From a first to a last row, over small gaps.
function blocks(rows: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const row of rows) {
    const before = found.at(-1);
    if (before && row - before[1] <= NEAR) before[1] = row;
    else found.push([row, row]);
  }
  return found;
}

type Rgb = readonly [number, number, number];

function rgb(text: string): Rgb {
  const value = parseInt(text.slice(1, 7), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

const mixed = (ground: Rgb, colour: Rgb, share: number): Rgb => [0, 1, 2].map((part) => Math.round(ground[part]! + (colour[part]! - ground[part]!) * share)) as unknown as Rgb;

const packed = ([red, green, blue]: Rgb) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
