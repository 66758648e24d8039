// The application: its pages, and where it stands in the document.

import { render } from "preact";
import { Frame } from "./app/frame";
import { listenToLinks } from "./app/router";
import type { Way } from "./app/router";
import { here } from "./farm/api";
import "./app/theme";

const WAYS: readonly Way[] = [
  { path: "/", load: () => import("./pages/farm") },
  { path: "/jobs", load: () => import("./pages/jobs") },
  { path: "/jobs/list", load: () => import("./pages/jobs") }, // as it was called before, and may stand in somebody's notes
  { path: "/jobs/{job}", load: () => import("./pages/job") },
  { path: "/pools", load: () => import("./pages/pools") },
  { path: "/history", load: () => import("./pages/history") },
  { path: "/audit", load: () => import("./pages/audit") },
  { path: "/settings", load: () => import("./pages/settings") },
  { path: "/login", load: () => import("./pages/login") },
  { path: "/api", load: () => import("./pages/api") },
  { path: "/jobs/{job}/tasks/{task}", load: () => import("./pages/task") },
  { path: "/submit", load: () => import("./pages/submit") },
  { path: "/clients", load: () => import("./pages/clients") },
  { path: "/clients/list", load: () => import("./pages/clients") },
  { path: "/clients/{client}", load: () => import("./pages/client") },
];

// The address of the icon is seen from where we came in, and would be another one on a page below.
document.querySelector<HTMLLinkElement>("link[rel=icon]")?.setAttribute("href", here("/static/icon.svg"));

listenToLinks(WAYS);
render(<Frame ways={WAYS} />, document.getElementById("app")!);
