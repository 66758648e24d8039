// The clients of a farm that is not too large to show each: read once, then kept up by events.

import { API, get, query } from "./api";
import type { Client, Page } from "./api";
import { asExpected } from "./expected";
import { useHeard, useLoaded } from "./loading";

const FIELDS = ["id", "name", "connection", "status", "activity", "used", "slots"] as const;
const MOST = 400;

export type Tile = Pick<Client, (typeof FIELDS)[number]>;

interface Clients {
  tiles: ReadonlyMap<number, Tile> | null; // null: there are too many
}

async function load(signal: AbortSignal): Promise<Clients> {
  const { data, matched } = await get<Page<Tile>>(`${API}/clients.json${query({ fields: FIELDS.join(), sort: "name", limit: MOST })}`, { signal });
  return { tiles: matched > data.length ? null : new Map(data.map((tile) => [tile.id, tile])) };
}

export function useClientsNow(): Tile[] | null | undefined {
  const { value, set } = useLoaded(load, []);
  useHeard("client", (changed) => {
    if (value?.tiles) set({ tiles: new Map([...value.tiles, ...changed.map((client) => [client.id, client] as const)]) });
  }, undefined, value?.tiles === null ? null : { fields: FIELDS });
  useHeard("gone", ({ kind, ids }) => {
    if (kind === "client" && value?.tiles) set({ tiles: new Map([...value.tiles].filter(([id]) => !ids.includes(id))) });
  });
  return value && (value.tiles ? [...value.tiles.values()].map((tile) => asExpected("client", tile)) : null);
}
