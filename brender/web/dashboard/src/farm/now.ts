// The farm in figures, as they are now, and its last hour.
//
// How does this work?  Figures come as events, at most every two seconds and only when one has changed.  The hour is read once
// and then now and then: it has a sample every ten seconds.

import { useRef } from "preact/hooks";
import type { components } from "../api";
import { API, get } from "./api";
import { second } from "./clock";
import { useHeard, useLoaded } from "./loading";

export type Figures = components["schemas"]["FarmFigures"];
export type Series = components["schemas"]["Series"];

export interface FarmNow extends Figures {
  series: Series;
  stopping: string;
}

// What of the figures tells that other jobs or clients may match a filter than before.
export const tellingOf = (kind: "job" | "client", { jobs, failing, clients, online, busy, slots, offline, unwell }: Figures) =>
  JSON.stringify(kind === "job" ? [jobs, failing] : [clients, online, busy, slots, offline, unwell]);

const EVERY = 20; // seconds between two looks at the hour

export function useFarmNow() {
  const loaded = useLoaded((signal) => get<FarmNow>(`${API}/farm`, { signal }), [Math.floor(second.value / EVERY)]);
  const newest = useRef(loaded.value);
  newest.current = loaded.value;
  useHeard("figures", (figures) => {
    if (newest.current) loaded.set({ ...newest.current, ...figures });
  });
  useHeard("farm", loaded.again);
  return loaded;
}
