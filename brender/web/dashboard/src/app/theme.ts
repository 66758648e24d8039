// Light, dark, or as the machine has it: what was chosen is remembered by this browser.

import { effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

const KEY = "brender.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

function remembered(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "auto";
}

export const theme = signal<Theme>(remembered());

export const systemIsDark = signal(dark.matches);

dark.addEventListener("change", () => (systemIsDark.value = dark.matches));

export const isDark = () => theme.value === "dark" || (theme.value === "auto" && systemIsDark.value);

effect(() => {
  document.documentElement.dataset.bsTheme = isDark() ? "dark" : "light";
});

export function choose(wanted: Theme) {
  theme.value = wanted;
  if (wanted === "auto") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, wanted);
}
