// One line at the foot of the page: what was done, with the way back where there is one, or why it could not be.

import { signal } from "@preact/signals";
import { sorryOf } from "../farm/api";
import { useKeys } from "./keys";

interface Toast {
  text: string;
  bad: boolean;
  undo?: (() => void) | undefined;
}

const SHORT = 6000;
const LONG = 10_000; // milliseconds; where something can be undone, or went wrong

const shown = signal<Toast | null>(null);
let hiding = 0;

function show(toast: Toast) {
  shown.value = toast;
  leave();
}

// Whoever is about to press something in it has the time to.
const stay = () => clearTimeout(hiding);

function leave() {
  clearTimeout(hiding);
  const toast = shown.value;
  hiding = setTimeout(() => (shown.value = null), toast?.undo || toast?.bad ? LONG : SHORT);
}

export const tell = (text: string, undo?: () => void) => show({ text, bad: false, undo });

export const sorry = (error: unknown) => show({ text: sorryOf(error).message, bad: true });

export function Toasts() {
  const toast = shown.value;
  const undo = () => { if (!toast?.undo) return; shown.value = null; toast.undo(); };
  useKeys([{ keys: "u", does: "Undo what was just done", run: undo }]);
  return (
    <div class="toasts" role="status" aria-live="polite" onFocusIn={stay} onMouseEnter={stay} onFocusOut={leave} onMouseLeave={leave}>
      {toast && (
        <div class={`toast-line ${toast.bad ? "bad" : ""}`}>
          <span>{toast.text}</span>
          {toast.undo && <button type="button" onClick={undo}>Undo</button>}
          <button type="button" aria-label="Close this message" onClick={() => (shown.value = null)}>×</button>
        </div>
      )}
    </div>
  );
}
