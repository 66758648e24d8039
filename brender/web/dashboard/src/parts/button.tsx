// A button for a verb, for those who may use it: where it cannot be undone, a second press means yes.

import { useEffect, useState } from "preact/hooks";
import type { Verb } from "../farm/acting";
import { loggedOut, may } from "../farm/session";

const SURE = 4000; // milliseconds in which the second press counts

interface Shown {
  item: string;
  verb: Pick<Verb, "name" | "title" | "sure">;
  owners?: readonly string[]; // whose things it is done to
  about?: string | undefined; // for who does not see where it stands
  disabled?: boolean;
  run: () => void;
}

export function VerbButton({ item, verb, owners, about, disabled, run }: Shown) {
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (!asked) return;
    const timer = setTimeout(() => setAsked(false), SURE);
    return () => clearTimeout(timer);
  }, [asked]);
  if (loggedOut.value || !may(item, verb.name, owners)) return null;
  const press = () => {
    if (verb.sure && !asked) return setAsked(true);
    setAsked(false);
    run();
  };
  const words = asked ? `Really ${verb.title.toLowerCase()}?` : verb.title;
  const look = asked ? "btn-danger" : verb.sure ? "btn-outline-danger" : "btn-outline-secondary";
  return (
    <button type="button" class={`btn btn-sm ${look}`} disabled={disabled} aria-label={about ? `${words} ${about}` : undefined} onClick={press} onBlur={() => setAsked(false)}>
      {words}
    </button>
  );
}
