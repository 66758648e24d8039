// Things of the farm for a component: read once, then kept up by events.
//
// How does this work?  `useLoaded` reads when a component is there, when what it depends on changes, when events were missed, and
// again when a connection that was lost is back.  What is on the page stays there until the new is read.  `useThing` is one
// job or client: read, then replaced by each event that shows it, and shown as it is expected to be (`expected`).

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Sorry } from "./api";
import { API, get, sorryOf } from "./api";
import type { Client, Job } from "./api";
import { asExpected } from "./expected";
import { hear, link, reread, skipped } from "./live";
import type { Only } from "./live";

const AGAIN = 5000; // milliseconds until what could not be read is tried again by itself

// Whether it may be another time: not what the farm itself refuses.
export const passes = ({ status }: Sorry) => status < 400 || status === 401 || status >= 500;

export interface Loaded<T> {
  value: T | undefined;
  sorry: Sorry | undefined;
  set: (value: T) => void;
  again: () => void;
}

export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, depends: readonly unknown[]): Loaded<T> {
  const [value, set] = useState<T>();
  const [sorry, setSorry] = useState<Sorry>();
  const [turn, setTurn] = useState(0);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  const live = link.value.state === "live";
  useLayoutEffect(() => { // it is asked for before the page is painted, not after
    const ended = new AbortController();
    load(ended.signal).then(
      (read) => {
        if (ended.signal.aborted) return;
        set(() => read);
        setSorry(undefined);
      },
      (error: unknown) => ended.signal.aborted || setSorry(sorryOf(error)),
    );
    return () => ended.abort();
  }, [...depends, turn, reread.value]);
  useEffect(() => {
    if (live && sorry && passes(sorry)) again();
  }, [live]);
  useEffect(() => {
    if (!sorry || !passes(sorry)) return;
    const timer = setInterval(() => document.hidden || again(), AGAIN);
    return () => clearInterval(timer);
  }, [sorry]);
  return { value, sorry, set: (next) => set(() => next), again };
}

interface Things {
  job: Job;
  client: Client;
}

export function useThing<K extends keyof Things>(kind: K, id: number): Loaded<Things[K]> {
  const loaded = useLoaded((signal) => get<Things[K]>(`${API}/${kind}s/${id}`, { signal }), [kind, id, skipped.value]);
  useHeard(kind, (things) => {
    const thing = (things as Things[K][]).find((one) => one.id === id);
    if (thing) loaded.set(thing);
  }, undefined, { ids: String(id) });
  useHeard("gone", (gone) => gone.kind === kind && gone.ids.includes(id) && loaded.again());
  return { ...loaded, value: loaded.value && asExpected(kind, loaded.value) };
}

type Hearing = Parameters<typeof hear>;

// What is done with each event of a kind, while the component is there.
// With null for `only` nothing is heard.
export function useHeard<K extends Hearing[0]>(kind: K, heard: (data: import("./live").Kinds[K]) => void, job?: number, only: Only | null = {}) {
  const newest = useRef(heard);
  newest.current = heard;
  useEffect(() => (only ? hear(kind, (data) => newest.current(data), job, only) : undefined), [kind, job, only?.ids, only?.fields?.join(), only === null]);
}
