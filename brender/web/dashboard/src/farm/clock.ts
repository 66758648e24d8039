// The server's time: the clock of this machine may be wrong, and every "2 min ago" with it.

import { signal } from "@preact/signals";

const NOTICEABLE = 2000; // milliseconds

let skew = 0;

export const now = () => (Date.now() + skew) / 1000;

export function learnTime(date: string | null) {
  const difference = Date.parse(date ?? "") - Date.now();
  skew = Math.abs(difference) > NOTICEABLE ? difference : 0;
}

// Counts the seconds while somebody looks: who reads it in a component is painted again with each.
export const second = signal(0);

setInterval(() => {
  if (!document.hidden) second.value += 1;
}, 1000);
