// The long lists of the farm as tables show them: where they are read, and how they are sorted as usual.

import { API, query } from "./api";

export interface List {
  address: string; // below the API
  order: string; // as usual: "-id"
  always?: string; // a filter that is not shown
}

export const JOBS: List = { address: "jobs", order: "-id" };
export const HISTORY: List = { address: "jobs", order: "-ended", always: "state=completed,failed,canceled" };
export const CLIENTS: List = { address: "clients", order: "name" };

export const LENGTHS = [25, 50, 100, 200];

export const both = (...filters: (string | null | undefined)[]) => filters.filter(Boolean).map((one) => `(${one})`).join(" and ");

// What of a list is shown.
export interface Part {
  draw: number;
  start: number;
  length: number;
  sort: string;
  filter: string;
}

export function partAddress(address: string, { draw, start, length, sort, filter }: Part) {
  const words = sort.split(",").filter(Boolean);
  const order = Object.fromEntries(words.flatMap((word, place) => [[`order[${place}][name]`, word.replace(/^-/, "")], [`order[${place}][dir]`, word.startsWith("-") ? "desc" : "asc"]]));
  return `${API}/${address}${query({ draw, start, length, ...order, filter })}`;
}

// What a table will ask for first, from what its page's address says.
export function firstPart({ address, order, always }: List, said: URLSearchParams) {
  const length = Number(said.get("length")) || LENGTHS[0]!;
  const start = (Math.max(1, Number(said.get("page")) || 1) - 1) * length;
  const own = said.get("filter") ?? "";
  return partAddress(address, { draw: 1, start, length, sort: said.get("sort") ?? order, filter: filterOf(own, always) });
}

export const filterOf = (own: string, always = "") => (own && always ? both(always, own) : own || always);
