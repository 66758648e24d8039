// The interface for programs, to read and to try: everything on this page is made from openapi.json.
//
// How does this work?  Each operation is a `details` element that is filled when it is first opened (`apioperation`).
// The field at the top shows those with all its words in their address, name or sentence.  An address with the
// name of an operation behind # opens that one.

import { operation } from "./apioperation.js";
import { byId, h, say, show } from "./dom.js";
import { get } from "./live.js";

const METHODS = ["get", "post", "patch", "put", "delete"];

function operationsOf(api) {
  const found = [];
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const method of METHODS) {
      if (methods[method]) found.push({ path, method, ...methods[method] });
    }
  }
  return found;
}

function section(tag, rows) {
  const id = `of-${tag.name}`;
  const title = h("h2", { id }, tag.name);
  return h("section", { "aria-labelledby": id }, title, h("p", { class: "note" }, tag.description), ...rows.map((row) => row.element));
}

// Shows what was asked for; a section without any is hidden too.
function find(rows, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of rows) show(row.element, words.every((word) => row.text.includes(word)));
  for (const part of byId("operations").children) {
    show(part, [...part.querySelectorAll("details")].some((element) => !element.hidden));
  }
  show(byId("none"), rows.every((row) => row.element.hidden));
}

function openNamed() {
  const element = byId(decodeURIComponent(location.hash.slice(1)));
  if (element instanceof HTMLDetailsElement) element.open = true;
  element?.scrollIntoView();
}

async function start() {
  const api = await get("/api/v1/openapi.json");
  say(byId("about"), api.info.description);
  const rows = operationsOf(api).map((each) => ({
    element: operation(each, api.components),
    text: `${each.method} ${each.path} ${each.operationId} ${each.summary}`.toLowerCase(),
    tag: each.tags[0],
  }));
  for (const tag of api.tags) {
    const own = rows.filter((row) => row.tag === tag.name);
    if (!own.length) continue;
    byId("items").append(h("a", { href: `#of-${tag.name}` }, tag.name));
    byId("operations").append(section(tag, own));
  }
  byId("wanted").addEventListener("input", (event) => find(rows, event.target.value));
  addEventListener("hashchange", openNamed);
  openNamed();
}

start().catch((error) => say(byId("about"), error.message));
