// Who is here, and what they may do: the farm has users or it has none, and then everybody at this machine may do everything.
//
// How does this work?  The farm tells which verbs whoever looks may use, and of which items on their own things alone.  It is asked when
// somebody comes, when a connection that was lost is back, and when it has refused something: a role may have been changed meanwhile.
// What may be done is offered by way of `may` alone: buttons of verbs (`parts/button`), tables, and what stands in an `Allowed`.

import { effect, signal } from "@preact/signals";
import { API, change, get, here, listeners } from "./api";
import { link } from "./live";

export interface Session {
  name: string; // empty where the farm has no users
  role: string;
  verbs: Record<string, readonly string[]>; // that they may use, by item
  own: readonly string[]; // items of which they may change only their own
}

export const session = signal<Session | null>(null);

export const answered = signal(false); // whether the farm has said who is here, or could not

export const loggedOut = signal(false); // the farm wants to know who is here

export const doubted = signal(0); // it may be another by now, or in another role: read again

let reading = false;

// Each answer tells it: nobody is asked twice.
listeners.add((_, status) => {
  if (status === 401) loggedOut.value = true;
  if ((status === 401 || status === 403) && !reading) doubt();
});

let lost = false;

effect(() => {
  const { state } = link.value;
  if (state === "live" && lost) doubt();
  lost = state === "lost";
});

function doubt() {
  doubted.value = doubted.peek() + 1;
}

// Who is logged out, or cannot be asked for, stays who they were: what they have written is still there when they are back.
export async function readSession(signal: AbortSignal): Promise<Session> {
  reading = true;
  try {
    session.value = await get<Session>(`${API}/session`, { signal });
    loggedOut.value = false;
    return session.value;
  } finally {
    reading = false;
    if (!signal.aborted) answered.value = true;
  }
}

// Whether they may change only their own of these.
export const ownOnly = (item: string) => session.value?.own.includes(item) ?? false;

// Whether they may use a verb: on things of theirs, or on those of all these owners.
export const may = (item: string, verb: string, owners: readonly string[] = []) =>
  (session.value?.verbs[item]?.includes(verb) ?? false) && (!ownOnly(item) || owners.every((owner) => owner === session.value?.name));

const ROLES = ["viewer", "artist", "wrangler", "admin"];

// Whether they have this role or a larger one: of what is no verb.
export const covers = (role: string) => ROLES.indexOf(session.value?.role ?? "") >= ROLES.indexOf(role);

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
