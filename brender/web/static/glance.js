// The three things at the top, to be read from across the room.

import { byId, h, mark, say } from "./dom.js";
import { left } from "./jobrow.js";
import { here, now } from "./live.js";
import { clock, plural, whole } from "./words.js";

const LONGEST_STRIP = 64; // slots drawn one by one
const RECENT = 24 * 3600; // seconds for which a failed job is news

export function glance(clients, jobs, stopping) {
  working(clients);
  done(jobs, clients);
  wrong(problems(clients, jobs, stopping));
}

function working(clients) {
  const online = clients.filter((client) => client.connection === "online");
  const slots = online.reduce((sum, client) => sum + (client.status === "enabled" ? client.slots : client.used), 0);
  const busy = online.reduce((sum, client) => sum + client.used, 0);
  say(byId("slots-figure"), slots ? `${busy} of ${slots}` : "No slots");
  const there = `${plural(online.length, "client")} online`;
  say(byId("slots-note"), slots ? `slots busy · ${there}` : there);
  mark(byId("working"), "state", busy ? "busy" : "idle");
  segments(byId("slots"), busy, slots);
}

function segments(place, busy, slots) {
  const drawn = Math.min(slots, LONGEST_STRIP);
  while (place.children.length > drawn) place.lastElementChild.remove();
  while (place.children.length < drawn) place.append(h("span"));
  const filled = slots > LONGEST_STRIP ? Math.round((busy / slots) * LONGEST_STRIP) : busy;
  [...place.children].forEach((segment, index) => mark(segment, "busy", index < filled));
}

function done(jobs, clients) {
  const open = jobs.filter((job) => job.state === "active" || job.state === "queued");
  const known = open.filter((job) => job.seconds_left != null);
  const seconds = Math.max(0, ...known.map(left));
  const figure = byId("done-figure");
  const note = byId("done-note");
  if (!open.length) {
    const last = Math.max(0, ...jobs.map((job) => job.ended ?? 0));
    say(figure, jobs.length ? "Done" : "Nothing to do");
    say(note, last ? `the last job ended at ${clock(last)}` : "hand in a scene and it begins");
  } else if (known.length) {
    const unknown = open.length - known.length;
    say(figure, unknown ? `> ${whole(seconds)}` : whole(seconds));
    say(note, `left, at ${clock(now() + seconds)} · ${unknown ? `then ${plural(unknown, "more job")}` : plural(open.length, "job")}`);
  } else {
    const works = clients.some((client) => client.connection === "online" && client.status === "enabled");
    say(figure, works ? "Soon known" : "Waiting");
    say(note, works ? `${plural(open.length, "job")} · told after the first task` : `${plural(open.length, "job")} for a client that may work`);
  }
}

function problems(clients, jobs, stopping) {
  const found = [];
  if (stopping) found.push({ text: `The farm takes nothing new: ${stopping}` });
  const open = jobs.some((job) => job.state === "active" || job.state === "queued");
  if ((clients.length || open) && clients.every((client) => client.connection === "offline")) found.push({ text: "No client is online; start one with brender worker" });
  else for (const client of clients) {
    if (client.connection === "offline" && client.status === "enabled")
      found.push({ text: `${client.name} has been offline for ${whole(now() - client.since)}`, href: `#client-${client.id}` });
  }
  for (const job of jobs) {
    if (job.failed && (job.ended == null || now() - job.ended < RECENT))
      found.push({ text: `${job.name || `job ${job.id}`}: ${plural(job.failed, "task")} failed`, href: here(`/jobs/${job.id}`), bad: true });
  }
  return found.sort((one, other) => Boolean(other.bad) - Boolean(one.bad));
}

function wrong(found) {
  const list = byId("wrong-list");
  const shown = found.slice(0, 3);
  const key = JSON.stringify([found.length, shown]);
  say(byId("wrong-figure"), found.length ? plural(found.length, "thing") : "Nothing");
  mark(byId("wrong"), "state", found.some((one) => one.bad) ? "bad" : found.length ? "warn" : "good");
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...shown.map(({ text, href }) => h("li", {}, href ? h("a", { href }, text) : text)));
  if (found.length > shown.length) list.append(h("li", {}, `and ${found.length - shown.length} more`));
}
