// A table of the farm: its filter, its columns, what is chosen and what can be done with that; its rows are `rows`.
//
// How does this work?  The filter, the order, the columns and the page stand in the address, so that a look at a table can be sent to
// somebody.  The stream is asked for the rows that are on the page and what their columns show (`needs`), and for what is newer than all there
// is.  What is chosen can be acted on, or everything that the filter finds, by the verbs that whoever looks may use; where there are none,
// nothing is chosen.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useKeys } from "../app/keys";
import { narrow } from "../app/screen";
import { act } from "../farm/acting";
import type { Acted } from "../farm/acting";
import type { Sorry } from "../farm/api";
import { expected } from "../farm/expected";
import { both } from "../farm/lists";
import { link, reread } from "../farm/live";
import { passes, useHeard } from "../farm/loading";
import { may, ownOnly } from "../farm/session";
import { number, plural } from "../words";
import { VerbButton } from "./button";
import { Filter } from "./filter";
import { Made, columnsShown, keep, kept, yields } from "./rows";
import type { Answer, Column, Shown } from "./rows";
import { Note } from "./trouble";
import { Views } from "./views";

export type { Column } from "./rows";

export function Table<T extends object>(shown: Shown<T>) {
  const verbs = shown.verbs?.filter((verb) => may(shown.item, verb.name)) ?? [];
  const table = { ...shown, verbs };
  const chooses = verbs.length > 0;
  const place = useRef<HTMLDivElement>(null);
  const made = useRef<Made<T> | undefined>(undefined);
  const [chosen, setChosen] = useState<ReadonlySet<string | number>>(new Set());
  const [all, setAll] = useState(false);
  const [sorry, setSorry] = useState<Sorry>();
  const [found, setFound] = useState<Answer<T>>();
  const filter = kept(table.prefix, "filter") ?? "";
  const columns = columnsShown(table.columns, kept(table.prefix, "columns"));

  useLayoutEffect(() => {
    const grown = new Made(place.current!, table, { found: setFound, sorry: setSorry, choose: (ids) => { setAll(false); setChosen(ids); } });
    made.current = grown;
    grown.choose(chosen);
    return () => grown.end();
  }, [columns.map((column) => column.name).join(), chooses]);
  useEffect(() => made.current?.choose(chosen), [chosen]);
  useEffect(() => made.current?.look(), [expected.value]);
  const matching = both(table.always, filter);
  const read = useRef({ which: matching, turn: reread.value });
  const sort = kept(table.prefix, "sort") ?? table.order ?? "";
  useLayoutEffect(() => { // at once: what is chosen next is chosen of what the filter finds
    setChosen((before) => (before.size ? new Set() : before));
    setAll(false);
  }, [matching]);
  useEffect(() => {
    const sorted = made.current?.sortBy(sort);
    const found = read.current.which !== matching;
    read.current.which = matching;
    if (found || sorted) made.current?.read(true);
  }, [matching, sort]);
  useEffect(() => {
    if (read.current.turn === reread.value) return;
    read.current.turn = reread.value;
    made.current?.read(false);
  }, [reread.value]);
  useEffect(() => {
    if (link.value.state === "live" && sorry && passes(sorry)) made.current?.read(false);
  }, [link.value.state]);
  const fields = [...columns.flatMap<string>((column) => column.needs ?? [column.name]), ...(ownOnly(table.item) ? ["owner"] : [])];
  const only = table.kind === "job" || table.kind === "client" ? made.current?.followed && { ...made.current.followed, fields } : {};
  useHeard(table.kind ?? "gone", (data) => made.current?.hear(data as unknown), undefined, only ?? null);
  useHeard("figures", (figures) => made.current?.figures(figures), undefined, matching && table.kind ? {} : null);
  useHeard("gone", (gone) => gone.kind === table.item && made.current?.soon());
  useKeys([
    { keys: "j", does: "Next row", run: () => made.current?.step(1) },
    { keys: "k", does: "Row before", run: () => made.current?.step(-1) },
    ...(chooses ? [{ keys: "x", does: "Choose the row", run: () => made.current?.toggle() }] : []),
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
        <Views item={table.item} plural={table.plural} prefix={table.prefix} order={table.order} columns={table.columns} />
        <Columns columns={table.columns} shown={columns.filter((column) => !(narrow.value && yields(table, column)))} choose={(names) => keep(table.prefix, { columns: names })} />
      </div>
      {sorry && sorry.status !== 400 && <Note sorry={sorry} again={() => made.current?.read(false)} />}
      {chooses && (
        <div class="chosen" hidden={!count}>
          <span>{plural(count, table.item, table.plural)} chosen</span>
          {!all && found && chosen.size < found.recordsFiltered && (
            <button type="button" class="link-like" onClick={() => setAll(true)}>Choose all {number(found.recordsFiltered)}</button>
          )}
          {count > 0 && <Verbs table={table} filter={which} things={made.current?.things(all ? undefined : chosen) ?? []} done={done} />}
          <button type="button" class="link-like" onClick={() => { setChosen(new Set()); setAll(false); }}>Choose none</button>
        </div>
      )}
      <div ref={place} class="table-place" hidden={!found?.recordsFiltered} />
      {found?.recordsTotal === 0 && !filter && <div class="empty">{table.empty}</div>}
      {found?.recordsFiltered === 0 && (found.recordsTotal > 0 || filter) && <p class="empty">No {table.item} matches {filter} ({plural(found.recordsTotal, table.item, table.plural)} in all).</p>}
    </div>
  );
}

const idName = <T,>(table: Shown<T>) => (table.item === "job" || table.item === "client" ? "id" : "name");

// What can be done with all of those that are chosen.
function Verbs<T extends object>({ table, ...chosen }: { table: Shown<T>; filter: string; things: readonly T[]; done: () => void }) {
  const item = table.item as Acted["item"];
  const owners = ownOnly(item) ? chosen.things.map((thing) => String((thing as { owner?: string }).owner ?? "")) : [];
  const verbs = table.verbs?.filter((verb) => may(item, verb.name, owners)) ?? [];
  if (!verbs.length) return <span class="soft">not all of them are yours</span>;
  return <>{verbs.map((verb) => <VerbButton key={verb.name} item={item} verb={verb} owners={owners} run={() => void act({ item, verb, ...chosen })} />)}</>;
}

function told<T>(found: Answer<T>, filter: string, table: Shown<T>) {
  if (!filter) return plural(found.recordsTotal, table.item, table.plural);
  return `${number(found.recordsFiltered)} of ${plural(found.recordsTotal, table.item, table.plural)}`;
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
