// Who is here: the farm has users or it has none, and then everybody at this machine may do everything.

import { signal } from "@preact/signals";
import { API, change, get, here, listeners } from "./api";

export interface Session {
  name: string; // empty where the farm has no users
  role: string;
  verbs: Record<string, readonly string[]>; // that they may use, by item
  own: readonly string[]; // items of which they may change only their own
}

export const session = signal<Session | null>(null);

export const loggedOut = signal(false); // the farm wants to know who is here

// Each answer tells it: nobody is asked twice.
listeners.add((_, status) => {
  if (status === 401) loggedOut.value = true;
});

export async function readSession() {
  session.value = await get<Session>(`${API}/session`).catch(() => null);
}

// Whether they may use a verb.
export const may = (item: string, verb: string) => session.value?.verbs[item]?.includes(verb) ?? false;

// The same of one that has an owner.
export const mayOwn = (item: string, verb: string, owner = session.value?.name) => may(item, verb) && (!session.value?.own.includes(item) || owner === session.value.name);

export const logIn = (name: string, password: string) => change<Session>("POST", `${API}/session`, { name, password });

export async function logOut() {
  await change("DELETE", `${API}/session`);
  location.assign(here("/login"));
}

// Where somebody wanted to go; only an address of this farm.
export function wanted(): string {
  const path = decodeURIComponent(location.hash.slice(1));
  return /^\/(?!\/)/.test(path) && !path.startsWith("/login") ? path : "/";
}

export const loginHere = () => here(`/login#${encodeURIComponent(location.pathname.slice(here("").length) + location.search)}`);
