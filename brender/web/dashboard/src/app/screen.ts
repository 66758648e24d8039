// Whether the screen is as narrow as a phone's; the same width as in the stylesheets.

import { signal } from "@preact/signals";

const phone = matchMedia("(max-width: 44rem)");

export const narrow = signal(phone.matches);

phone.addEventListener("change", () => (narrow.value = phone.matches));
