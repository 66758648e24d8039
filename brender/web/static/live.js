// The farm as it is now: fetched once, then followed.
//
// How does this work?  `follow` asks for the number of the last event, loads everything, and opens ONE stream from
// that number on.  Each event is applied at once and painted with the next frame of the screen, however many
// came.  A stream that breaks is shown as lost, with its time, and comes back by itself with the events
// that were missed; when the server no longer knows them it says `reset`, and everything is loaded anew.

import { byId, mark, say, show, h } from "./dom.js";
import { clock } from "./words.js";

const AGAIN = 1500; // milliseconds until the next try

// The scripts lie one folder below the farm's first page, under whatever prefix a web server in front shows it.
const ROOT = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

export const here = (path) => ROOT + path;

export async function ask(path, options = {}) {
  const response = await fetch(here(path), { cache: "no-store", ...options });
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  throw new Error(body?.detail ?? `The server answered ${response.status}.`);
}

export const get = async (path) => (await ask(path)).json();

export async function change(method, path, body = {}) {
  const headers = { "Content-Type": "application/json" };
  return (await ask(path, { method, headers, body: JSON.stringify(body) })).json();
}

// The server's time: the clock of this machine may be wrong, and every "2 min ago" with it.
let skew = 0;

export const now = () => (Date.now() + skew) / 1000;

function learnTime(date) {
  const difference = Date.parse(date) - Date.now();
  skew = Math.abs(difference) > 2000 ? difference : 0;
}

export function follow({ kinds, load, apply, paint }) {
  let last = 0;
  let source = null;
  let planned = false;

  const soon = () => {
    if (planned) return;
    planned = true;
    const run = () => {
      planned = false;
      paint();
    };
    if (document.hidden) setTimeout(run, 1000);
    else requestAnimationFrame(run);
  };

  const again = () => {
    source?.close();
    source = null;
    lost();
    setTimeout(begin, AGAIN);
  };

  const begin = async () => {
    try {
      const farm = await ask("/api/v1/farm");
      learnTime(farm.headers.get("Date"));
      last = (await farm.json()).last_event;
      await load();
    } catch {
      return again();
    }
    soon();
    open();
  };

  const open = () => {
    source = new EventSource(here(`/api/v1/events?kind=${kinds.join(",")}&since=${last}`));
    source.addEventListener("open", live);
    source.addEventListener("error", () => (source.readyState === EventSource.CLOSED ? again() : lost()));
    source.addEventListener("reset", () => load().then(soon, again));
    for (const kind of kinds) {
      source.addEventListener(kind, (event) => {
        [JSON.parse(event.data)].flat().forEach((data) => apply(kind, data)); // jobs and clients come in lists
        soon();
      });
    }
  };

  begin();
  setInterval(soon, 1000); // what is told as "4 s left" and "2 min ago"
  document.addEventListener("visibilitychange", () => document.hidden || soon());
  return soon;
}

let since = null;

function live() {
  since = null;
  mark(byId("link"), "state", "live");
  say(byId("link-text"), "live");
}

function lost() {
  since ??= Date.now() / 1000;
  mark(byId("link"), "state", "lost");
  say(byId("link-text"), `no connection since ${clock(since)} · trying again`);
}

export const connected = () => byId("link").dataset.state === "live";

let hiding = 0;

// One line at the foot of the page; with an `undo`, a button that takes it back.
export function toast(text, undo) {
  const line = byId("toast");
  line.replaceChildren(text);
  if (undo) {
    const button = h("button", { type: "button", on: { click: () => { show(line, false); undo(); } } }, "Undo");
    line.append(" ", button);
  }
  show(line, true);
  clearTimeout(hiding);
  hiding = setTimeout(() => show(line, false), undo ? 8000 : 6000);
}

export const sorry = (error) => toast(error.message);
