// A table of the farm: DataTables asks the server for one page of it; rows that are seen are kept up by events.
//
// How does this work?  The filter, the order, the columns and the page stand in the address, so that a look at a table can be sent to
// somebody.  The stream is asked for the rows that are on the page and what their columns show (`needs`), and for what is newer than all there
// is.  An event that shows a row paints it at once; one that shows something new, or that something is gone, asks for the page again, at most
// every `CALM`.  Rows are chosen with a click on their box, with Shift up to there, or
// by keyboard (arrows, x, Enter); what is chosen can be acted on, or everything that the filter finds.

import DataTable from "datatables.net";
import { render } from "preact";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useKeys } from "../app/keys";
import { go, remember, said } from "../app/router";
import { API, ask, get, query, read, sorryOf } from "../farm/api";
import type { Sorry } from "../farm/api";
import { link, reread } from "../farm/live";
import type { Kind } from "../farm/live";
import { passes, useHeard } from "../farm/loading";
import { number, plural } from "../words";
import { Filter } from "./filter";
import { Note } from "./trouble";

export interface Column<T> {
  name: string; // the attribute
  title: string;
  show: (thing: T) => ComponentChildren;
  needs?: readonly (keyof T & string)[]; // the attributes that it shows, where that is not the one of its name
  hidden?: boolean; // unless somebody wants to see it
  fixed?: boolean; // cannot be sorted by
  number?: boolean;
}

interface Shown<T> {
  item: string; // "job"
  plural: string;
  address?: string; // below the API, where it is not the plural
  id: (thing: T) => string | number;
  columns: readonly Column<T>[];
  to?: ((thing: T) => string) | undefined; // where Enter and a click lead
  actions?: ((chosen: Chosen<T>) => ComponentChildren) | undefined;
  kind?: Kind | undefined; // of the events that show its things
  order?: string; // as usual
  always?: string; // a filter that is not shown
  prefix?: string; // of what stands in the address, where a page has several tables
  label: string;
  empty: ComponentChildren;
}

export interface Chosen<T> {
  filter: string; // which things
  count: number;
  things: readonly T[]; // those of them that are seen
  done: () => void;
}

interface Answer<T> {
  draw: number;
  recordsTotal: number;
  recordsFiltered: number;
  data: T[];
}

// What a table remembers in the address.
const kept = (prefix: string | undefined, name: string) => said.value.get(`${prefix ?? ""}${name}`);

const keep = (prefix: string | undefined, values: Record<string, string | number | null>) =>
  remember(Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix ?? ""}${name}`, value])));

const LENGTHS = [25, 50, 100, 200];
const CALM = 1000; // milliseconds

export function Table<T extends object>(table: Shown<T>) {
  const place = useRef<HTMLDivElement>(null);
  const made = useRef<Made<T> | undefined>(undefined);
  const [chosen, setChosen] = useState<ReadonlySet<string | number>>(new Set());
  const [all, setAll] = useState(false);
  const [sorry, setSorry] = useState<Sorry>();
  const [found, setFound] = useState<Answer<T>>();
  const filter = kept(table.prefix, "filter") ?? "";
  const columns = columnsShown(table.columns, kept(table.prefix, "columns"));

  useEffect(() => {
    const grown = new Made(place.current!, table, { found: setFound, sorry: setSorry, choose: (ids) => { setAll(false); setChosen(ids); } });
    made.current = grown;
    return () => grown.end();
  }, [columns.map((column) => column.name).join()]);
  useEffect(() => made.current?.choose(chosen), [chosen]);
  const matching = both(table.always, filter);
  const read = useRef({ which: matching, turn: reread.value });
  useEffect(() => {
    if (read.current.which === matching) return;
    read.current.which = matching;
    setChosen(new Set());
    setAll(false);
    made.current?.read(true);
  }, [matching]);
  useEffect(() => {
    if (read.current.turn === reread.value) return;
    read.current.turn = reread.value;
    made.current?.read(false);
  }, [reread.value]);
  useEffect(() => {
    if (link.value.state === "live" && sorry && passes(sorry)) made.current?.read(false);
  }, [link.value.state]);
  const fields = columns.flatMap<string>((column) => column.needs ?? [column.name]);
  const only = table.kind === "job" || table.kind === "client" ? made.current?.followed && { ...made.current.followed, fields } : {};
  useHeard(table.kind ?? "gone", (data) => made.current?.hear(data as unknown), undefined, only ?? null);
  useHeard("gone", (gone) => gone.kind === table.item && made.current?.soon());
  useKeys([
    { keys: "j", does: "Next row", run: () => made.current?.step(1) },
    { keys: "k", does: "Row before", run: () => made.current?.step(-1) },
    { keys: "x", does: "Choose the row", run: () => made.current?.toggle() },
    { keys: "Enter", does: "Open the row", run: () => made.current?.open() },
    { keys: "]", does: "Next page", run: () => made.current?.turn("next") },
    { keys: "[", does: "Page before", run: () => made.current?.turn("previous") },
  ]);

  const which = all ? both(table.always, filter) || "all" : `${idName(table)}=${[...chosen].join(",")}`;
  const count = all ? (found?.recordsFiltered ?? 0) : chosen.size;
  const done = () => { setChosen(new Set()); setAll(false); made.current?.read(false); };
  return (
    <div class="farm-table">
      <div class="tools">
        <Filter item={table.item} plural={table.plural} value={filter} sorry={sorry?.status === 400 ? sorry : undefined} change={(text) => keep(table.prefix, { filter: text, page: null })} />
        <span class="matches" role="status">{found && told(found, filter, table)}</span>
        <Columns columns={table.columns} shown={columns} choose={(names) => keep(table.prefix, { columns: names })} />
      </div>
      {sorry && sorry.status !== 400 && <Note sorry={sorry} again={() => made.current?.read(false)} />}
      {table.actions && (
        <div class="chosen" hidden={!count}>
          <span>{plural(count, table.item, table.plural)} chosen</span>
          {!all && found && chosen.size < found.recordsFiltered && (
            <button type="button" class="link-like" onClick={() => setAll(true)}>Choose all {number(found.recordsFiltered)}</button>
          )}
          {count > 0 && table.actions({ filter: which, count, things: made.current?.things(chosen) ?? [], done })}
          <button type="button" class="link-like" onClick={() => { setChosen(new Set()); setAll(false); }}>Choose none</button>
        </div>
      )}
      <div ref={place} class="table-place" hidden={!found?.recordsFiltered} />
      {found?.recordsTotal === 0 && !filter && <div class="empty">{table.empty}</div>}
      {found?.recordsFiltered === 0 && (found.recordsTotal > 0 || filter) && <p class="empty">No {table.item} matches {filter} ({plural(found.recordsTotal, table.item, table.plural)} in all).</p>}
    </div>
  );
}

const idName = <T,>(table: Shown<T>) => (table.item === "job" || table.item === "client" || table.item === "order" || table.item === "view" ? "id" : "name");

const both = (...filters: (string | undefined)[]) => filters.filter(Boolean).map((one) => `(${one})`).join(" and ");

function told<T>(found: Answer<T>, filter: string, table: Shown<T>) {
  if (!filter) return plural(found.recordsTotal, table.item, table.plural);
  return `${number(found.recordsFiltered)} of ${plural(found.recordsTotal, table.item, table.plural)}`;
}

function columnsShown<T>(columns: readonly Column<T>[], wanted: string | null) {
  const names = wanted?.split(",");
  return columns.filter((column) => (names ? names.includes(column.name) : !column.hidden));
}

function Columns<T>({ columns, shown, choose }: { columns: readonly Column<T>[]; shown: readonly Column<T>[]; choose: (names: string | null) => void }) {
  const toggle = (name: string) => {
    const names = columns.filter((column) => (column.name === name) !== shown.includes(column)).map((column) => column.name);
    const usual = columns.filter((column) => !column.hidden).map((column) => column.name);
    if (names.length) choose(names.join() === usual.join() ? null : names.join(","));
  };
  return (
    <details class="menu">
      <summary class="btn btn-sm btn-outline-secondary">Columns</summary>
      <fieldset>
        <legend class="visually-hidden">Columns that are shown</legend>
        {columns.map((column) => (
          <label key={column.name}><input type="checkbox" checked={shown.includes(column)} onChange={() => toggle(column.name)} /> {column.title}</label>
        ))}
      </fieldset>
    </details>
  );
}

interface Told<T> {
  found: (answer: Answer<T>) => void;
  sorry: (sorry: Sorry | undefined) => void;
  choose: (ids: ReadonlySet<string | number>) => void;
}

// DataTables' part: the element, its rows, and what is chosen of them.
class Made<T extends object> {
  private readonly table: InstanceType<typeof DataTable<T>>;
  private readonly columns: readonly Column<T>[];
  private rows = new Map<string | number, HTMLTableRowElement>();
  private shown = new Map<string | number, T>();
  private chosen: ReadonlySet<string | number> = new Set();
  private from: string | number | null = null; // where the choosing began
  private timer = 0;
  private late = false; // something has changed since the page was asked for
  private newest = 0; // the highest number that anything has
  followed: { ids: string; since: number } | undefined;
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
    const chooses = Boolean(this.of.actions);
    const columns = this.columns.map((column) => ({
      data: null,
      name: column.name,
      title: column.title,
      orderable: !column.fixed,
      className: column.number ? "number" : "",
      createdCell: (cell: Node, _: unknown, thing: T) => render(column.show(thing), cell as HTMLElement),
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
    const sort = asked.order.map(({ name, dir }) => `${dir === "desc" ? "-" : ""}${name}`).join();
    const page = asked.start / asked.length + 1;
    keep(this.of.prefix, { sort: sort === (this.of.order ?? "") ? null : sort, page: page > 1 ? page : null, length: asked.length === LENGTHS[0] ? null : asked.length });
    const order = Object.fromEntries(asked.order.flatMap(({ name, dir }, place) => [[`order[${place}][name]`, name], [`order[${place}][dir]`, dir]]));
    const filter = this.filter();
    try {
      const response = await ask(`${API}/${this.of.address ?? this.of.plural}${query({ draw: asked.draw, start: asked.start, length: asked.length, ...order, filter })}`);
      const answer = await read<Answer<T>>(response);
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
    if (!this.of.kind || !ids.every(Number.isFinite)) return;
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

  private filter() {
    const own = kept(this.of.prefix, "filter") ?? "";
    return own && this.of.always ? both(this.of.always, own) : own || this.of.always || "";
  }

  private take(answer: Answer<T>, callback: (answer: unknown) => void) {
    const at = document.activeElement?.closest("tr")?.dataset.id;
    this.rows.clear();
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
    const cells = this.rows.get(id)!.cells;
    const first = cells.length - this.columns.length;
    this.columns.forEach((column, place) => render(column.show(thing), cells[place + first]!));
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

  things(ids: ReadonlySet<string | number>) {
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
    this.told.choose(next);
    queueMicrotask(() => this.choose(next));
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
    if (row && this.of.actions) this.pick(this.key(row.dataset.id!), false);
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
    this.table.destroy(true);
  }
}
