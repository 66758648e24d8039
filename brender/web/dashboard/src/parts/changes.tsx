// What was changed of a job or a client, by whom: the newest entries of the audit about it, for those who may see them.
//
// How does this work?  Nothing is asked before somebody opens it.  The audit says which things an entry is about as a text, "4, 5", and
// of tasks with their job, "12/Render:3": the filter finds a number among them.

import { useState } from "preact/hooks";
import { API, get, here, query } from "../farm/api";
import type { Entry, Page } from "../farm/api";
import { useLoaded } from "../farm/loading";
import { may } from "../farm/session";
import { clock, plural } from "../words";
import { Note, Wait } from "./trouble";

const NEWEST = 20;

// One of several with commas between them, wherever it stands.
const among = (id: number) => [`${id}`, `${id}", "*`, `*", "${id}`, `*", "${id}", "*`].join();

const ABOUT = {
  job: (id: number) => `(item=job things=${among(id)}) or (item=task,step things=${id}/*)`,
  client: (id: number) => `item=client things=${among(id)}`,
};

export function Changes({ item, id }: { item: keyof typeof ABOUT; id: number }) {
  const [open, setOpen] = useState(false);
  const filter = ABOUT[item](id);
  const { value, sorry, again } = useLoaded(
    async (signal) => (open ? await get<Page<Entry>>(`${API}/audits.json${query({ filter, limit: NEWEST })}`, { signal }) : undefined),
    [open, filter],
  );
  if (!may("audit", "read")) return null;
  return (
    <details class="changes" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><h2>Changes</h2></summary>
      {sorry && <Note sorry={sorry} again={again} />}
      {open && !value && !sorry && <Wait />}
      {value && !value.data.length && <p class="empty">The audit has none.</p>}
      {value && value.data.length > 0 && (
        <>
          <p class="soft"><a href={here(`/audit${query({ filter })}`)}>{plural(value.matched, "change")} in the audit</a></p>
          <ul>
            {value.data.map((entry) => (
              <li key={entry.id} class="change">
                <span class="soft">{clock(entry.when)}</span> <strong><Who entry={entry} /></strong> <What entry={entry} /> {entry.item !== item && <About entry={entry} />} {entry.values && <code>{entry.values}</code>} <Did entry={entry} />
              </li>
            ))}
          </ul>
        </>
      )}
    </details>
  );
}

export const Who = ({ entry: { user } }: { entry: Entry }) => <>{user || <span class="soft">somebody here</span>}</>; // the farm has no users

export const What = ({ entry: { item, action, count } }: { entry: Entry }) => <>{action} {count > 1 ? plural(count, item) : item}</>;

// What it was about, with the ways there.
export function About({ entry: { item, things } }: { entry: Entry }) {
  const links = things.split(", ").map((id) => {
    const path = wayTo(item, id);
    return path ? <a key={id} href={here(path)}>{id}</a> : id;
  });
  return <>{links.flatMap((link, place) => (place ? [", ", link] : [link]))}</>;
}

function wayTo(item: string, id: string): string | null {
  if ((item === "job" || item === "client") && /^\d+$/.test(id)) return `/${item}s/${id}`;
  const [, job, task] = (item === "task" && /^(\d+)\/(.+)$/.exec(id)) || [];
  return job && task ? `/jobs/${job}/tasks/${encodeURIComponent(task)}` : null;
}

export const Did = ({ entry: { outcome } }: { entry: Entry }) => <span class={outcome === "done" ? "soft" : "note-bad"}>{outcome}</span>;
