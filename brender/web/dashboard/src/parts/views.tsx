// The saved views of a table: one click has the filter, the order and the columns that somebody saved under a name.
//
// How does this work?  What a table shows stands in the address, and a view is the same on the server: to look at one writes the address,
// to save one reads it.  They are read when the menu is opened, and while it is open events tell of those that others save.

import { useId, useRef, useState } from "preact/hooks";
import { remember, said } from "../app/router";
import { sorry as tellSorry, tell } from "../app/toasts";
import { API, change, get, query, sorryOf } from "../farm/api";
import type { Page, Sorry, View } from "../farm/api";
import { useHeard, useLoaded } from "../farm/loading";
import { session } from "../farm/session";
import { Allowed } from "./allowed";
import { VerbButton } from "./button";
import { Note } from "./trouble";

interface Shown {
  item: string;
  plural: string;
  prefix?: string | undefined; // of what stands in the address
  order?: string | undefined; // as usual
  columns: readonly { name: string; hidden?: boolean }[];
}

type Look = Pick<View, "filter" | "sort" | "fields">;

const DELETE = { name: "delete", title: "Delete", sure: true };

export function Views({ item, plural, prefix = "", order = "", columns }: Shown) {
  const [open, setOpen] = useState(false);
  const menu = useRef<HTMLDetailsElement>(null);
  const { value, sorry, again } = useLoaded(
    async (signal) => (open ? (await get<Page<View>>(`${API}/views.json${query({ filter: `item=${item}`, sort: "name", limit: 1000 })}`, { signal })).data : undefined),
    [open, item],
  );
  useHeard("view", again, undefined, open ? {} : null);
  useHeard("gone", (gone) => open && gone.kind === "view" && again());
  const usual = columns.filter((column) => !column.hidden).map((column) => column.name);
  const saying = (name: string) => said.value.get(prefix + name) ?? "";
  const now: Look = { filter: saying("filter"), sort: saying("sort") || order, fields: saying("columns") };

  // A table sorts by what it shows.
  const columnsOf = ({ fields, sort }: Look) => {
    const names = new Set([...(fields ? fields.split(",") : usual), ...sort.split(",").map((word) => word.replace(/^-/, ""))]);
    return columns.filter(({ name }) => names.has(name)).map(({ name }) => name).join();
  };
  const addressOf = (look: Look) => ({
    filter: look.filter,
    sort: look.sort === order ? "" : look.sort,
    columns: columnsOf(look) === usual.join() ? "" : columnsOf(look),
  });
  const same = (view: View) => JSON.stringify(addressOf(view)) === JSON.stringify(addressOf(now));
  const show = (view: View) => remember(Object.fromEntries(Object.entries({ ...addressOf(view), page: "" }).map(([name, text]) => [prefix + name, text])));
  const remove = (view: View) => change("DELETE", `${API}/views/${view.id}`).then(() => { tell(`The view ${view.name} is deleted.`); again(); }, tellSorry);
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !menu.current?.open) return;
    event.preventDefault();
    menu.current.open = false;
    menu.current.querySelector("summary")?.focus();
  };
  return (
    <details ref={menu} class="menu views" onToggle={(event) => setOpen(event.currentTarget.open)} onKeyDown={press}>
      <summary class="btn btn-sm btn-outline-secondary">Views</summary>
      {open && (
        <fieldset>
          <legend class="visually-hidden">Saved views of {plural}</legend>
          {sorry && <Note sorry={sorry} again={again} />}
          {value?.length === 0 && <p class="soft">None is saved yet.</p>}
          <ul>
            {value?.map((view) => (
              <li key={view.id} class="view">
                <button type="button" class="link-like" aria-current={same(view) ? "true" : undefined} title={view.filter || `all ${plural}`} onClick={() => show(view)}>{view.name}</button>
                {view.owner && view.owner !== session.value?.name && <span class="soft">of {view.owner}</span>}
                <VerbButton item="view" verb={DELETE} owners={[view.owner]} about={view.name} run={() => void remove(view)} />
              </li>
            ))}
          </ul>
          <Allowed item="view" verb="create"><Saving item={item} look={now} done={again} /></Allowed>
        </fieldset>
      )}
    </details>
  );
}

function Saving({ item, look, done }: { item: string; look: Look; done: () => void }) {
  const [name, setName] = useState("");
  const [sorry, setSorry] = useState<Sorry>();
  const id = useId();
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      await change("POST", `${API}/views`, { name: name.trim(), item, owner: session.value?.name ?? "", ...look });
      tell(`The view ${name.trim()} is saved.`);
      setName("");
      setSorry(undefined);
      done();
    } catch (error) {
      setSorry(sorryOf(error));
    }
  };
  return (
    <form class="view-saving" onSubmit={(event) => void save(event)}>
      <label for={id}>Save this view as</label>
      <input id={id} class="form-control form-control-sm" value={name} maxLength={128} required autocomplete="off" aria-invalid={Boolean(sorry)} aria-describedby={sorry ? `${id}-bad` : undefined} onInput={(event) => setName(event.currentTarget.value)} />
      <button type="submit" class="btn btn-sm btn-primary">Save this view</button>
      {sorry && <p id={`${id}-bad`} class="note-bad" role="alert">{sorry.message}</p>}
    </form>
  );
}
