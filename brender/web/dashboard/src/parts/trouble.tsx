// A page or a part of one that could not be, in a sentence; and one that is not there yet.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { here } from "../farm/api";
import type { Sorry } from "../farm/api";

const LATE = 100; // milliseconds without anything to see

export function Trouble({ title, message, children }: { title: string; message: string; children?: ComponentChildren }) {
  return (
    <section class="trouble" role="alert">
      <h1>{title}</h1>
      <p>{message}</p>
      {children ?? <p><a href={here("/")}>To the farm</a></p>}
    </section>
  );
}

export function Note({ sorry, again }: { sorry: Sorry; again?: (() => void) | undefined }) {
  return (
    <p class="note-bad" role="alert">
      {sorry.message} {again && <button type="button" class="link-like" onClick={again}>Try again</button>}
    </p>
  );
}

export function Wait() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), LATE);
    return () => clearTimeout(timer);
  }, []);
  return late ? <p class="wait" role="status">Loading…</p> : null;
}
