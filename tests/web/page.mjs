// The page of a job in node, against a real server: what a browser does, as far as the page's scripts notice.
//
// How does this work?  `document` is a tree of plain objects, `EventSource` reads a stream with fetch, and every text
// that is put on the page and every address that is asked for is printed as a line of JSON.  Nothing of the page is replaced.

import { pathToFileURL } from "node:url";

const [base, path, script] = process.argv.slice(2);
const root = new URL("..", pathToFileURL(script)).pathname; // the prefix under which the page believes the farm to be
const tell = (what) => console.log(JSON.stringify(what));

class Node {
  constructor(tag) {
    Object.assign(this, { tag, dataset: {}, style: {}, attributes: {}, listeners: {}, nodes: [], text: "", hidden: false, checked: false });
    this.classList = { add() {}, remove() {}, toggle() {} };
  }
  get textContent() { return this.nodes.length ? this.nodes.map((node) => node.textContent ?? String(node)).join("") : this.text; }
  set textContent(text) {
    this.nodes = [];
    this.text = text;
    tell(this.id === "log-text" ? { log: text } : { said: text });
  }
  get children() { return this.nodes.filter((node) => node instanceof Node); }
  get firstChild() { return this.nodes[0] ?? null; }
  get firstElementChild() { return this.children[0] ?? null; }
  get lastElementChild() { return this.children.at(-1) ?? null; }
  get nextElementSibling() { return this.parent?.children[this.parent.children.indexOf(this) + 1] ?? null; }
  get isConnected() { return true; }
  append(...more) { more.forEach((one) => this.insertBefore(one, null)); }
  prepend(...more) { more.forEach((one) => this.insertBefore(one, this.firstChild)); }
  replaceChildren(...more) { this.nodes = []; this.append(...more); }
  insertBefore(one, before) {
    if (one instanceof Node) { one.remove(); one.parent = this; }
    const place = before ? this.nodes.indexOf(before) : this.nodes.length;
    this.nodes.splice(place, 0, one);
  }
  remove() { if (this.parent) this.parent.nodes = this.parent.nodes.filter((node) => node !== this); }
  setAttribute(name, value) { this.attributes[name] = value; }
  getAttribute(name) { return this.attributes[name] ?? null; }
  removeAttribute(name) { delete this.attributes[name]; }
  addEventListener(kind, listener) { (this.listeners[kind] ??= []).push(listener); }
  querySelector() { return new Node("none"); }
  querySelectorAll() { return []; }
}

class EventSource {
  static CLOSED = 2;
  constructor(address) {
    this.listeners = {};
    this.readyState = 1;
    this.read(address);
  }
  addEventListener(kind, listener) { (this.listeners[kind] ??= []).push(listener); }
  say(kind, event = {}) { for (const listener of this.listeners[kind] ?? []) listener(event); }
  close() { this.readyState = EventSource.CLOSED; }
  async read(address) {
    const response = await fetch(address);
    this.say("open");
    let rest = "";
    const decoder = new TextDecoder();
    for await (const bytes of response.body) {
      const blocks = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) this.take(Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s, 2))));
    }
    this.close();
    this.say("error");
  }
  take({ event, data }) {
    if (!event) return;
    tell({ event });
    this.say(event, { data });
  }
}

const elements = new Map();
const byId = (id) => {
  if (!elements.has(id)) elements.set(id, Object.assign(new Node("div"), { id }));
  return elements.get(id);
};
byId("log-follow").checked = true;
const ask = globalThis.fetch;
Object.assign(globalThis, {
  document: Object.assign(new Node("document"), { getElementById: byId, createElement: (tag) => new Node(tag), createElementNS: (_, tag) => new Node(tag) }),
  location: { pathname: root.slice(0, -1) + path, search: "" },
  history: { replaceState() {} },
  window: globalThis,
  requestAnimationFrame: (run) => setTimeout(run, 1),
  EventSource,
  fetch: (address, options) => {
    if (!address.startsWith(root)) throw new Error(`${address} is not below ${root}`);
    const inside = address.slice(root.length - 1);
    tell({ asked: inside });
    return ask(new URL(inside, base), options);
  },
});
await import(script);
