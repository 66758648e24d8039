// The rows of a table: DataTables asks the server for one page of them; those that are seen are kept up by events.
//
// How does this work?  An event that shows a row paints it at once; one that shows something new, or that something is gone, asks for the
// page again, at most every `CALM`.  Where a filter chooses, something may match that did not before, or no longer: when the farm's figures tell
// of that, the page is asked for again, at most every `SELDOM`, and the more seldom the longer the farm takes to answer (`RARELY`), so that it is
// little work however many look at it.  Rows are chosen with a click on their box, with Shift up to there, or by keyboard (arrows, x, Enter).

import DataTable from "datatables.net";
import { render } from "preact";
import type { ComponentChildren } from "preact";
import { go, remember, said } from "../app/router";
import { API, ask, get, query, read, sorryOf } from "../farm/api";
import type { Sorry } from "../farm/api";
import type { Acted, Verb } from "../farm/acting";
import { asExpected, pending } from "../farm/expected";
import { LENGTHS, filterOf, partAddress } from "../farm/lists";
import type { Kind } from "../farm/live";
import { tellingOf } from "../farm/now";
import type { Figures } from "../farm/now";

export interface Column<T> {
  name: string; // the attribute
  title: string;
  show: (thing: T) => ComponentChildren;
  needs?: readonly (keyof T & string)[]; // the attributes that it shows, where that is not the one of its name
  hidden?: boolean; // unless somebody wants to see it
  wide?: boolean; // not on a narrow screen, unless somebody has chosen it
  fixed?: boolean; // cannot be sorted by
  number?: boolean;
}

export interface Shown<T> {
  item: Acted["item"] | "audit";
  plural: string;
  address?: string; // below the API, where it is not the plural
  id: (thing: T) => string | number;
  columns: readonly Column<T>[];
  to?: ((thing: T) => string) | undefined; // where Enter and a click lead
  verbs?: readonly Verb[] | undefined; // that can be used on those that are chosen
  kind?: Kind | undefined; // of the events that show its things
  order?: string; // as usual
  always?: string; // a filter that is not shown
  prefix?: string; // of what stands in the address, where a page has several tables
  label: string;
  empty: ComponentChildren;
}

export interface Answer<T> {
  draw: number;
  recordsTotal: number;
  recordsFiltered: number;
  data: T[];
}

// What a table remembers in the address.
export const kept = (prefix: string | undefined, name: string) => said.value.get(`${prefix ?? ""}${name}`);

export const keep = (prefix: string | undefined, values: Record<string, string | number | null>) =>
  remember(Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix ?? ""}${name}`, value])));

const CALM = 1000; // milliseconds
const SELDOM = 5000; // milliseconds
const RARELY = 200; // times as long as the answer took
const RAREST = 180_000; // milliseconds

// Where there is little room others are more important; what somebody has chosen stays.
export const yields = <T,>({ prefix }: Shown<T>, { wide }: Column<T>) => wide && kept(prefix, "columns") == null;

export function columnsShown<T>(columns: readonly Column<T>[], wanted: string | null) {
  const names = wanted?.split(",");
  return columns.filter((column) => (names ? names.includes(column.name) : !column.hidden));
}

interface Told<T> {
  found: (answer: Answer<T>) => void;
  sorry: (sorry: Sorry | undefined) => void;
  choose: (ids: ReadonlySet<string | number>) => void;
}

// DataTables' part: the element, its rows, and what is chosen of them.
export class Made<T extends object> {
  private readonly table: InstanceType<typeof DataTable<T>>;
  private readonly columns: readonly Column<T>[];
  private rows = new Map<string | number, HTMLTableRowElement>();
  private shown = new Map<string | number, T>(); // as the farm has said
  private painted = new Map<string | number, T>(); // and as it is expected to be
  private chosen: ReadonlySet<string | number> = new Set();
  private from: string | number | null = null; // where the choosing began
  private timer = 0;
  private late = false; // something has changed since the page was asked for
  private newest = 0; // the highest number that anything has
  private telling = ""; // of the figures that were told last
  private took = 0; // milliseconds, of the last answer
  private looked = -SELDOM; // when figures were the reason to ask
  private again = 0;
  followed: { ids: string; since: number } | undefined;
  private sorted = ""; // as it was asked for last
  private ended = false;

  constructor(place: HTMLElement, private readonly of: Shown<T>, private readonly told: Told<T>) {
    this.columns = columnsShown(of.columns, kept(of.prefix, "columns"));
    const element = document.createElement("table");
    element.className = "table table-hover";
    element.setAttribute("aria-label", of.label);
    place.replaceChildren(element);
    this.table = new DataTable<T>(element, this.options());
    element.addEventListener("click", (event) => this.clicked(event));
    element.addEventListener("keydown", (event) => this.pressed(event));
  }

  private options() {
    const length = Number(kept(this.of.prefix, "length")) || LENGTHS[0]!;
    const chooses = Boolean(this.of.verbs?.length);
    const columns = this.columns.map((column) => ({
      data: null,
      name: column.name,
      title: column.title,
      orderable: !column.fixed,
      className: [column.number && "number", yields(this.of, column) && "wide"].filter(Boolean).join(" "),
      createdCell: (cell: Node, _: unknown, thing: T) => render(column.show(asExpected(this.of.item, thing)), cell as HTMLElement),
      render: () => "",
    }));
    const box = { data: null, title: "Chosen", orderable: false, className: "box", render: () => "", createdCell: (cell: Node, _: unknown, thing: T) => this.box(cell as HTMLElement, thing) };
    return {
      serverSide: true,
      searching: false,
      autoWidth: false,
      orderMulti: true,
      deferRender: true,
      order: this.order(chooses ? 1 : 0),
      pageLength: length,
      lengthMenu: LENGTHS,
      displayStart: (Math.max(1, Number(kept(this.of.prefix, "page")) || 1) - 1) * length,
      layout: { topStart: null, topEnd: null, bottomStart: "pageLength", bottomEnd: "paging" },
      language: { lengthMenu: "_MENU_ a page", emptyTable: "", zeroRecords: "", loadingRecords: "" },
      columns: chooses ? [box, ...columns] : columns,
      ajax: (data: object, callback: (answer: unknown) => void) => void this.ask(data, callback),
      createdRow: (row: Node, thing: T) => this.created(row as HTMLTableRowElement, thing),
    } as never;
  }

  private order(first: number): [number, string][] {
    const words = (kept(this.of.prefix, "sort") ?? this.of.order ?? "").split(",").filter(Boolean);
    return words.flatMap((word): [number, string][] => {
      const place = this.columns.findIndex((column) => column.name === word.replace(/^-/, ""));
      return place < 0 ? [] : [[place + first, word.startsWith("-") ? "desc" : "asc"]];
    });
  }

  private async ask(data: object, callback: (answer: unknown) => void) {
    const asked = data as { draw: number; start: number; length: number; order: { name: string; dir: string }[] };
    const sort = asked.order.map(({ name, dir }) => `${dir === "desc" ? "-" : ""}${name}`).join() || (this.of.order ?? "");
    this.sorted = sort;
    const page = asked.start / asked.length + 1;
    keep(this.of.prefix, { sort: sort === (this.of.order ?? "") ? null : sort, page: page > 1 ? page : null, length: asked.length === LENGTHS[0] ? null : asked.length });
    const filter = filterOf(kept(this.of.prefix, "filter") ?? "", this.of.always);
    const began = performance.now();
    try {
      const response = await ask(partAddress(this.of.address ?? this.of.plural, { ...asked, sort, filter }));
      const answer = await read<Answer<T>>(response);
      this.took = performance.now() - began;
      if (this.ended) return;
      void this.follow(answer, Number(response.headers.get("Last-Event-ID")), sort === "-id" && !asked.start && !filter);
      this.told.sorry(undefined);
      this.take(answer, callback);
    } catch (error) {
      if (this.ended) return;
      this.told.sorry(sorryOf(error));
      if (!this.shown.size) callback({ draw: asked.draw, recordsTotal: 0, recordsFiltered: 0, data: [] });
    }
  }

  // The rows of this answer, and what is newer than all there is: that is among these, or asked for once.
  private async follow(answer: Answer<T>, since: number, newest: boolean) {
    const ids = answer.data.map((thing) => Number(this.of.id(thing))).sort((one, other) => one - other);
    if (this.of.kind !== this.of.item || !ids.every(Number.isFinite)) return; // groups, which clients make, have no numbers
    if (!newest && !this.newest) {
      const found = await get<{ data: { id: number }[] }>(`${API}/${this.of.plural}${query({ sort: "-id", limit: 1, fields: "id" })}`).catch(() => null);
      this.newest = found?.data[0]?.id ?? 0;
    }
    this.newest = Math.max(this.newest, ...ids);
    const rows = `${ids.join() || "0"},`;
    if (this.ended || this.followed?.ids.startsWith(rows)) return;
    this.followed = { ids: `${rows}${this.newest + 1}-`, since };
    this.told.found({ ...answer });
  }

  private take(answer: Answer<T>, callback: (answer: unknown) => void) {
    const at = document.activeElement?.closest("tr")?.dataset.id;
    this.rows.clear();
    this.painted.clear();
    this.shown = new Map(answer.data.map((thing) => [this.of.id(thing), thing]));
    callback(answer);
    this.told.found(answer);
    if (at) this.rows.get(this.key(at))?.focus();
  }

  private created(row: HTMLTableRowElement, thing: T) {
    const id = this.of.id(thing);
    row.dataset.id = String(id);
    row.tabIndex = -1;
    if (!this.rows.size) row.tabIndex = 0;
    this.rows.set(id, row);
    this.wait(row, id, asExpected(this.of.item, thing));
    this.mark(row, id);
  }

  private box(cell: HTMLElement, thing: T) {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.className = "form-check-input";
    box.checked = this.chosen.has(this.of.id(thing));
    box.setAttribute("aria-label", `Choose ${this.of.item} ${this.of.id(thing)}`);
    cell.replaceChildren(box);
  }

  hear(data: unknown) {
    for (const thing of [data].flat() as T[]) {
      const id = this.of.id(thing);
      if (this.rows.has(id)) this.paint(id, { ...this.shown.get(id), ...thing });
      else if (typeof id === "number" && id > this.newest) {
        this.newest = id;
        this.soon();
      }
    }
  }

  private paint(id: string | number, thing: T) {
    this.shown.set(id, thing);
    const seen = asExpected(this.of.item, thing);
    const row = this.rows.get(id)!;
    const first = row.cells.length - this.columns.length;
    this.columns.forEach((column, place) => render(column.show(seen), row.cells[place + first]!));
    this.wait(row, id, seen);
  }

  private wait(row: HTMLTableRowElement, id: string | number, seen: T) {
    this.painted.set(id, seen);
    if (pending(seen)) row.setAttribute("aria-busy", "true");
    else row.removeAttribute("aria-busy");
  }

  // Something else is expected than before.
  look() {
    for (const [id, thing] of this.shown) if (this.rows.has(id) && this.painted.get(id) !== asExpected(this.of.item, thing)) this.paint(id, thing);
  }

  // At once, and then at most every `CALM`.
  soon() {
    this.late = true;
    if (this.timer) return;
    this.late = false;
    this.read(false);
    this.timer = setTimeout(() => {
      this.timer = 0;
      if (this.late) this.soon();
    }, CALM);
  }

  figures(figures: Figures) {
    const telling = tellingOf(this.of.kind === "job" ? "job" : "client", figures);
    if (telling === this.telling) return;
    this.telling = telling;
    this.sometime();
  }

  // Many pages hear the same figures: they do not all ask at once.
  private sometime() {
    if (this.again) return;
    const rest = Math.max(0, this.looked + SELDOM - performance.now()) + Math.random() * Math.min(RAREST, RARELY * this.took);
    this.again = setTimeout(() => {
      this.again = 0;
      this.looked = performance.now();
      if (document.hidden) this.sometime();
      else this.read(false);
    }, rest);
  }

  // Whether that is another order than it has: nobody has clicked on a heading.
  sortBy(sort: string) {
    if (sort === this.sorted) return false;
    this.table.order(this.order(this.of.verbs?.length ? 1 : 0) as never);
    return true;
  }

  read(anew: boolean) {
    if (!this.ended) this.table.draw(anew ? "full-reset" : "page");
  }

  turn(way: "next" | "previous") {
    this.table.page(way).draw("page");
  }

  // --- choosing

  choose(ids: ReadonlySet<string | number>) {
    this.chosen = ids;
    for (const [id, row] of this.rows) this.mark(row, id);
  }

  things(ids: Iterable<string | number> = this.shown.keys()) {
    return [...ids].flatMap((id) => this.shown.get(id) ?? []);
  }

  private mark(row: HTMLTableRowElement, id: string | number) {
    const chosen = this.chosen.has(id);
    row.classList.toggle("table-active", chosen);
    const box = row.querySelector<HTMLInputElement>(".box input");
    if (box) {
      box.checked = chosen;
      row.setAttribute("aria-selected", String(chosen));
    }
  }

  private clicked(event: Event) {
    const row = (event.target as Element).closest<HTMLTableRowElement>("tbody tr[data-id]");
    if (!row) return;
    const id = this.key(row.dataset.id!);
    if ((event.target as Element).closest(".box")) this.pick(id, (event as MouseEvent).shiftKey);
    else if (!(event.target as Element).closest("a, button, input, summary") && this.of.to) go(this.of.to(this.shown.get(id)!));
  }

  private pick(id: string | number, upTo: boolean) {
    const next = new Set(this.chosen);
    const order = [...this.rows.keys()];
    const from = upTo && this.from != null ? order.indexOf(this.from) : -1;
    const to = order.indexOf(id);
    if (from >= 0) for (const each of order.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(each);
    else if (!next.delete(id)) next.add(id);
    this.from = id;
    this.chosen = next;
    this.told.choose(next);
    queueMicrotask(() => this.choose(this.chosen)); // a click changes its box by itself once it has been heard
  }

  private key(text: string): string | number {
    return this.rows.has(text) ? text : Number(text);
  }

  // --- by keyboard

  private here() {
    return document.activeElement?.closest<HTMLTableRowElement>("tr[data-id]");
  }

  step(by: 1 | -1) {
    const rows = [...this.rows.values()];
    const at = rows.indexOf(this.here()!);
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
    rows.forEach((row) => (row.tabIndex = row === next ? 0 : -1));
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  toggle() {
    const row = this.here();
    if (row && this.of.verbs?.length) this.pick(this.key(row.dataset.id!), false);
  }

  open() {
    const row = this.here();
    if (row && this.of.to) go(this.of.to(this.shown.get(this.key(row.dataset.id!))!));
  }

  private pressed(event: KeyboardEvent) {
    if (!this.here() || !(event.target as Element).matches("tr")) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key] as 1 | -1 | undefined;
    if (by) this.step(by);
    else if (event.key === " ") this.toggle();
    else return;
    event.preventDefault();
  }

  end() {
    this.ended = true;
    clearTimeout(this.timer);
    clearTimeout(this.again);
    this.table.destroy(true);
  }
}
