// What only some may do: it is there for them, and for others it is not, or a sentence in its place says who may.

import type { ComponentChildren } from "preact";
import { may, session } from "../farm/session";

interface Shown {
  item: string;
  verb: string;
  owners?: readonly string[]; // whose things it is about
  instead?: ComponentChildren; // for others
  children: ComponentChildren;
}

export const Allowed = ({ item, verb, owners, instead, children }: Shown) => <>{may(item, verb, owners) ? children : instead}</>;

const ARTICLES: Record<string, string> = { artist: "an", admin: "an" };

const some = (role: string) => `${ARTICLES[role] ?? "a"} ${role}`;

// "Changing settings is for an admin; vera is a viewer."
export function For({ what, role }: { what: string; role: string }) {
  const who = session.value;
  if (!who) return <p class="note-bad" role="alert">The farm does not say what you may do; it is asked again.</p>;
  return <p class="soft">{what} is for {some(role)}; {who.name} is {some(who.role)}.</p>;
}
