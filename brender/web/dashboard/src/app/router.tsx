// Which page an address is, and how to get to another one without loading everything anew.
//
// How does this work?  `place` is where we are.  A click on any link into the application changes it (modified clicks and other links
// are the browser's).  What a page remembers in the address (filter, order, columns) goes through `remember`, which replaces the
// address without a step in the history.  A page's own code is fetched when somebody first goes there.  No page is shown before it is
// known who looks, so that no button comes later.

import { computed, signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ROOT } from "../farm/api";
import { askFirst } from "../farm/first";
import { link } from "../farm/live";
import { answered } from "../farm/session";
import { Trouble, Wait } from "../parts/trouble";
import { Boundary } from "./boundary";
import { matched, pathOf } from "./paths";

export interface Where {
  ids: Record<string, string>;
}

type Page = ComponentType<Where>;
type Load = () => Promise<{ default: Page }>;

export interface Way {
  path: string; // {name} stands for a part
  load: Load;
}

const read = () => ({ path: pathOf(location.pathname, ROOT), query: location.search });

export const place = signal(read());

export const said = computed(() => new URLSearchParams(place.value.query));

export function go(path: string) {
  history.pushState(null, "", ROOT + path);
  place.value = read();
  scrollTo(0, 0);
}

// What is not said is as usual, and does not stand in the address.
export function remember(values: Record<string, string | number | null | undefined>) {
  const words = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value == null || value === "") words.delete(name);
    else words.set(name, String(value));
  }
  const text = words.toString();
  history.replaceState(null, "", location.pathname + (text ? `?${text}` : "") + location.hash);
  place.value = read();
}

addEventListener("popstate", () => (place.value = read()));

export function listenToLinks(ways: readonly Way[]) {
  addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.pathname === location.pathname && link.hash) return;
    const path = pathOf(link.pathname, ROOT);
    if (!link.pathname.startsWith(ROOT) || !ways.some((way) => matched(path, way.path))) return;
    event.preventDefault();
    go(path + link.search + link.hash);
  });
}

const loaded = new Map<string, Page>();

const NOT_FETCHED = "The server does not answer, or it has other pages than it had; this is tried again when it is there.";

const coming = new Map<string, Promise<void>>();

// A page's code, and at the same time the answer to its first question.
function fetched(way: Way, path: string): Promise<void> {
  const before = coming.get(way.path);
  if (before) return before;
  const page = way.load().then(
    (module) => void loaded.set(way.path, module.default),
    (error: unknown) => {
      coming.delete(way.path);
      throw error;
    },
  );
  coming.set(way.path, page);
  askFirst(path, said.value);
  return page;
}

export function Outlet({ ways }: { ways: readonly Way[] }) {
  const { path } = place.value;
  const way = ways.find((one) => matched(path, one.path));
  const [, paint] = useState(0);
  const [missing, setMissing] = useState<Way>();
  const Shown = way && loaded.get(way.path);
  const live = link.value.state === "live";
  if (way && !Shown && missing !== way) fetched(way, path).catch(() => undefined); // now: an effect is a moment later
  useLayoutEffect(() => {
    if (!way || Shown) return;
    fetched(way, path).then(() => paint((count) => count + 1), () => setMissing(way));
  }, [way, live]);
  const came = useRef(path);
  useEffect(() => {
    if (came.current === path) return;
    came.current = path;
    document.getElementById("main")?.focus({ preventScroll: true }); // the next Tab is on the page that is new
  }, [path]);
  if (!way) return <Trouble title="Nothing here" message={`There is no page at ${path}.`} />;
  if (Shown && !answered.value) return <Wait />;
  if (Shown) return <Boundary key={path}><Shown ids={matched(path, way.path)!} /></Boundary>;
  if (missing !== way) return <Wait />;
  return <Trouble title="This page could not be fetched" message={NOT_FETCHED}><p><button type="button" class="btn btn-secondary" onClick={() => location.reload()}>Load it anew</button></p></Trouble>;
}

export function useTitle(title: string) {
  useEffect(() => {
    document.title = title ? `${title} · brender` : "brender";
  }, [title]);
}
