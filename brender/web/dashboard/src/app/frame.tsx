// What stands around every page: the name, the ways, whether what is shown is live, the keys, and the line that tells.

import { useEffect, useRef } from "preact/hooks";
import { here } from "../farm/api";
import { second } from "../farm/clock";
import { link } from "../farm/live";
import { useHeard, useLoaded } from "../farm/loading";
import { doubted, loggedOut, loginHere, logOut, may, readSession, session } from "../farm/session";
import { clock } from "../words";
import { known, useKeys } from "./keys";
import { Outlet, go, place } from "./router";
import type { Way } from "./router";
import { choose, theme } from "./theme";
import type { Theme } from "./theme";
import { Toasts } from "./toasts";

const PLACES = [
  { path: "/", name: "Farm", keys: "g f" },
  { path: "/jobs", name: "Jobs", keys: "g j" },
  { path: "/clients", name: "Clients", keys: "g c" },
  { path: "/pools", name: "Pools and limits", keys: "g p" },
  { path: "/history", name: "History", keys: "g h" },
  { path: "/settings", name: "Settings", keys: "g e" },
];

const THEMES: Record<Theme, { next: Theme; sign: string; name: string }> = {
  auto: { next: "light", sign: "◐", name: "as this machine has it" },
  light: { next: "dark", sign: "○", name: "light" },
  dark: { next: "auto", sign: "●", name: "dark" },
};

export function Frame({ ways }: { ways: readonly Way[] }) {
  const help = useRef<HTMLDialogElement>(null);
  const nav = useRef<HTMLElement>(null);
  useEffect(() => showCurrent(nav.current), [place.value.path]);
  useLoaded(readSession, [doubted.value]);
  const submits = may("job", "create");
  useHeard("farm", () => undefined); // whatever the page asks for, it is seen whether the server is there
  useKeys([
    ...PLACES.map(({ path, name, keys }) => ({ keys, does: name, run: () => go(path) })),
    ...(submits ? [{ keys: "g s", does: "Submit a job", run: () => go("/submit") }] : []),
    { keys: "/", does: "Filter", run: () => document.querySelector<HTMLElement>("[data-filter]")?.focus() },
    { keys: "?", does: "These keys", run: () => help.current?.showModal() },
  ]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>To the page</a>
      <header class="top">
        <a class="name" href={here("/")}><img src={here("/static/icon.svg")} alt="" width={22} height={22} />brender</a>
        <nav ref={nav} aria-label="Pages">
          {PLACES.map(({ path, name }) => (
            <a key={path} href={here(path)} aria-current={isAt(path) ? "page" : undefined}>{name}</a>
          ))}
        </nav>
        {submits && <a class="btn btn-sm btn-primary" href={here("/submit")}>Submit</a>}
        <Alive />
        <ThemeButton />
        <button type="button" class="plain" aria-label="Keys" title="Keys (?)" onClick={() => help.current?.showModal()}>?</button>
      </header>
      {loggedOut.value && place.value.path !== "/login" && <p class="logged-out" role="alert">You are not logged in, or not any more. <a href={loginHere()}>Log in</a></p>}
      <main id="main" tabIndex={-1}><Outlet ways={ways} /></main>
      <footer class="foot"><a href={here("/api")}>For programs</a>{may("audit", "read") && <a href={here("/audit")}>Audit</a>}<Somebody /></footer>
      <Keys dialog={help} />
      <Toasts />
    </>
  );
}

function Somebody() {
  const who = session.value;
  if (!who?.name) return null;
  return <span>{who.name}, {who.role} <button type="button" class="link-like" onClick={() => void logOut()}>Log out</button></span>;
}

// On a narrow screen the ways are scrolled sideways.
function showCurrent(nav: HTMLElement | null) {
  const current = nav?.querySelector<HTMLElement>("[aria-current]");
  if (nav && current) nav.scrollLeft = current.offsetLeft - nav.offsetLeft - (nav.clientWidth - current.offsetWidth) / 2;
}

const isAt = (path: string) => place.value.path === path || (path !== "/" && place.value.path.startsWith(`${path}/`));

function Alive() {
  const { state, since } = link.value;
  const words = { live: "live", connecting: "connecting", lost: `no connection since ${clock(since)} · trying again` };
  if (state === "lost") void second.value;
  return (
    <p class="link" role="status" data-state={state}>
      <span class="lamp" aria-hidden="true" />
      <span>{words[state]}</span>
    </p>
  );
}

function ThemeButton() {
  const { next, sign, name } = THEMES[theme.value];
  const words = `Colours: ${name}`;
  return <button type="button" class="plain" aria-label={words} title={words} onClick={() => choose(next)}>{sign}</button>;
}

function Keys({ dialog }: { dialog: { current: HTMLDialogElement | null } }) {
  const close = () => dialog.current?.close();
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="keys-title" onClick={(event) => event.target === dialog.current && close()}>
      <h2 id="keys-title">Keys</h2>
      <dl class="keys">
        {known.value.flat().map(({ keys, does }) => (
          <div key={keys}><dt>{keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{does}</dd></div>
        ))}
      </dl>
      <button type="button" class="btn btn-secondary" onClick={close} autofocus>Close</button>
    </dialog>
  );
}
