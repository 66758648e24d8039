// Keys for everything: each part of the page says which it has, and `?` lists those that there are now.
//
// How does this work?  A key is a letter, a name as the browser calls it, or two of them one after the other ("g j").  Nothing happens
// while somebody writes into a field, but for Escape, which leaves it.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

export interface Key {
  keys: string;
  does: string;
  run: () => void;
}

const SOON = 1200; // milliseconds in which the second key follows

export const known = signal<readonly (readonly Key[])[]>([]);

let first = "";
let pressed = 0;

const writes = (element: EventTarget | null) =>
  element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName)) && !/^(checkbox|radio|range|button)$/.test((element as HTMLInputElement).type);

// Whether the key means what has the focus, and so nothing else.
const presses = ({ key, target }: KeyboardEvent) =>
  target instanceof HTMLElement && ((key === "Enter" && target.matches("a, button, summary")) || (key === " " && target.matches("button, summary, input, video")));

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (writes(event.target)) {
    if (event.key === "Escape") (event.target as HTMLElement).blur();
    return;
  }
  if (document.querySelector("dialog[open]") && event.key !== "Escape") return;
  const pair = first && Date.now() - pressed < SOON ? `${first} ${event.key}` : "";
  const all = known.value.flat();
  const found = all.findLast((key) => key.keys === pair) ?? all.findLast((key) => key.keys === event.key);
  first = found ? "" : event.key;
  pressed = Date.now();
  if (found && !presses(event)) {
    event.preventDefault();
    found.run();
  }
});

export function useKeys(keys: readonly Key[]) {
  const newest = useRef(keys);
  newest.current = keys;
  const names = keys.map((key) => key.keys).join();
  useEffect(() => {
    const mine = newest.current.map(({ keys: name, does }) => ({
      keys: name,
      does,
      run: () => newest.current.find((key) => key.keys === name)?.run(),
    }));
    known.value = [...known.value, mine];
    return () => {
      known.value = known.value.filter((one) => one !== mine);
    };
  }, [names]);
}
