// The page of one job: its steps, its orders, and the log of one of them.
//
// How does this work?  The job itself arrives with each event.  Orders and log are asked for when the job has moved, at
// most every two seconds, and the log is given in its last part only, with an ETag that saves the rest.

import { byId, draw, h, keyed, mark, say, shape, show } from "./dom.js";
import { frames } from "./frames.js";
import { FINISHED, jobRow } from "./jobrow.js";
import { connected, follow, get, here, now } from "./live.js";
import { ago, clock, duration, plural, tasksOf } from "./words.js";

const ID = Number(location.pathname.match(/\/jobs\/(\d+)\/?$/)[1]);
const TAIL = 256 * 1024; // bytes of the log that are shown
const PAUSE = 2000; // milliseconds between two askings
const MOST_ORDERS = 200;

const jobs = new Map();
const row = jobRow({ titled: false });
const orderRows = new Map();
const stepRows = new Map();
const pictures = frames({ section: byId("frames"), newest: byId("newest"), strip: null, jobs });
let orders = [];
let chosen = Number(new URLSearchParams(location.search).get("order")) || null;
let reading = null; // the order whose log is on the page
let tag = ""; // of that log
let asked = 0; // when orders and log were asked for last
let moved = true; // since then

byId("job-line").append(h("ol", { class: "jobs alone" }, row.element));

const keep = (job) => jobs.set(ID, { ...job, received: Date.now() });

async function load() {
  const job = await get(`/api/v1/jobs/${ID}?orders=${MOST_ORDERS}`);
  keep(job);
  orders = job.orders;
  submitted(job);
  if (job.picture) pictures.load({ job: ID, picture: job.picture });
  await read();
  asked = Date.now();
}

function apply(kind, data) {
  if (kind !== "job" || data.id !== ID) return;
  if (data.picture > (jobs.get(ID)?.picture ?? 0)) pictures.load({ job: ID, picture: data.picture });
  keep(data);
  moved = true;
}

async function refresh() {
  const job = jobs.get(ID);
  const runs = job && !FINISHED.has(job.state);
  if (document.hidden || !connected() || !(moved || runs) || Date.now() - asked < PAUSE) return;
  asked = Date.now();
  moved = false;
  try {
    orders = (await get(`/api/v1/jobs/${ID}?orders=${MOST_ORDERS}`)).orders;
    await read();
    soon();
  } catch {
    moved = true; // the line at the top says that the connection is gone; the next second tries again
  }
}

async function read() {
  const order = wanted();
  if (order !== reading) tag = "";
  reading = order;
  const query = order ? `order=${order}` : "";
  byId("log-all").href = here(`/api/v1/jobs/${ID}/log?${query}`);
  say(byId("log-note"), order ? noted(orders.find((one) => one.id === order), order) : "");
  const response = await fetch(here(`/api/v1/jobs/${ID}/log?tail=${TAIL}&${query}`), { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
  if (response.status === 304) return;
  tag = response.headers.get("ETag") ?? "";
  const text = response.ok ? await response.text() : ((await response.json().catch(() => null))?.detail ?? "");
  const place = byId("log-text");
  const follows = byId("log-follow").checked;
  say(place, text || "Nothing has been written yet.");
  if (follows) place.scrollTop = orders.find((one) => one.id === order)?.failed ? firstError(place, text) : place.scrollHeight;
}

// Of a failed order the log is shown from its first error on.
function firstError(place, text) {
  const found = text.search(/^.*(error|traceback|exception)/im);
  if (found < 0) return place.scrollHeight;
  const range = document.createRange();
  range.setStart(place.firstChild, found);
  range.setEnd(place.firstChild, found + 1);
  return place.scrollTop + range.getBoundingClientRect().top - place.getBoundingClientRect().top - 12;
}

// The order whose log is shown: the one chosen or being read, or of a failed job the last that failed, or the
// oldest that is not over, or the newest.
function wanted() {
  if (chosen) return chosen;
  if (reading && !byId("log-follow").checked) return reading;
  const failed = jobs.get(ID)?.state === "failed" ? orders.findLast((order) => order.failed) : null;
  return (failed ?? orders.find((order) => order.ended == null) ?? orders.at(-1))?.id;
}

const noted = (order, id) => (order ? `order ${id} · ${order.step} ${tasksOf(order)} on ${order.client}` : `order ${id}`);

function choose(id) {
  chosen = id;
  history.replaceState(null, "", `?order=${id}#log`);
  read().then(soon, () => {});
}

function paint() {
  const job = jobs.get(ID);
  if (!job) return;
  document.title = `${job.name || `Job ${ID}`} · brender`;
  say(byId("over"), [`Job ${ID}`, job.owner, `priority ${job.priority}`, `submitted ${clock(job.submitted)}`].filter(Boolean).join(" · "));
  say(byId("job-name"), job.name || `Job ${ID}`);
  row.update(job);
  show(byId("reason"), Boolean(job.reason));
  say(byId("reason-text"), job.reason);
  say(byId("reason-tries"), tried());
  show(byId("warnings"), job.warnings.length > 0);
  if (byId("warnings").children.length !== job.warnings.length) byId("warnings").replaceChildren(...job.warnings.map((text) => h("li", {}, text)));
  keyed(byId("steps"), stepRows, job.steps.map((step, id) => ({ id, step })), stepRow);
  keyed(byId("orders-list"), orderRows, orders.toReversed(), orderRow);
  show(byId("orders-empty"), !orders.length);
  say(byId("orders-note"), orders.length >= MOST_ORDERS ? `the newest ${MOST_ORDERS}` : "newest first");
  pictures.caption();
}

// What the farm did about a failure: "Render task 6 failed on render-01 and attic, then worked on render-03."
function tried() {
  const failed = orders.findLast((order) => order.failed && order.count === 1);
  if (!failed) return "";
  const same = orders.filter((order) => order.step === failed.step && order.first === failed.first && order.count === 1);
  const where = same.filter((order) => order.failed).map((order) => order.client);
  const names = [...new Set(where)].join(", ");
  const worked = same.find((order) => order.completed);
  const times = where.length === 1 ? "once" : `${where.length} times`;
  const what = `${failed.step} ${tasksOf(failed)} failed ${times}, on ${names}`;
  if (worked) return `${what}; tried again on ${worked.client}: worked.`;
  return jobs.get(ID).state === "failed" ? `${what}; then the farm gave it up.` : `${what}; it is tried again.`;
}

function stepRow() {
  const name = h("span", { class: "step-name" });
  const counts = h("span", { class: "numbers" });
  const element = h("li", { class: "step" }, name, counts);
  const update = ({ step }) => {
    say(name, step.name);
    const words = ["completed", "active", "ready", "waiting", "failed", "canceled"].filter((state) => step[state]).map((state) => `${step[state].toLocaleString("en-GB")} ${state === "active" ? "running" : state}`);
    say(counts, `${plural(step.tasks, "task")}: ${words.join(", ")}`);
  };
  return { element, update };
}

function orderRow(order) {
  const icon = shape();
  const state = h("span");
  const what = h("button", { type: "button", class: "link-like", on: { click: () => choose(order.id) } });
  const where = h("span", { class: "where" });
  const when = h("span", { class: "when" });
  const why = h("span", { class: "why" });
  const element = h("li", { class: "order" }, h("span", { class: "state" }, icon, state), what, where, when, why);
  const update = (one) => {
    const [shown, word] = stateOf(one);
    mark(element, "state", shown);
    mark(element, "chosen", one.id === wanted());
    draw(icon, shown);
    say(state, word);
    say(what, `${one.step} ${tasksOf(one)}`);
    say(where, one.attempt > 1 ? `on ${one.client}, try ${one.attempt}` : `on ${one.client}`);
    say(when, one.ended == null ? `since ${clock(one.issued)}` : `${duration(one.ended - one.issued)}, ${ago(one.ended, now())}`);
    say(why, one.reason);
    show(why, Boolean(one.reason));
  };
  return { element, update };
}

function stateOf(order) {
  if (order.ended == null) return ["active", order.completed ? `given, ${order.completed}/${order.count}` : "given"];
  if (order.failed) return ["failed", order.count > 1 ? `${order.failed} failed` : "failed"];
  if (order.completed === order.count) return ["completed", "completed"];
  return ["canceled", order.completed ? `${order.completed} of ${order.count}` : "handed back"];
}

function submitted(job) {
  const values = Object.entries(job.values ?? {});
  byId("values").replaceChildren(...values.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, typeof value === "string" ? value : JSON.stringify(value))]));
  if (!values.length) byId("values").append(h("dd", {}, "no parameter values"));
  say(byId("template"), JSON.stringify(job.template, null, 2));
}

byId("log-text").addEventListener("scroll", (event) => {
  const { scrollTop, scrollHeight, clientHeight } = event.target;
  byId("log-follow").checked = scrollHeight - scrollTop - clientHeight < 40;
});

const soon = follow({ kinds: ["job"], load, apply, paint });
setInterval(refresh, 500);
