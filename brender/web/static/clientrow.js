// One client as a row: who it is, what it does, and whether it should.

import { h, mark, say } from "./dom.js";
import { change, here, now, sorry, toast } from "./live.js";
import { memory, plural, whole } from "./words.js";

export function clientRow() {
  const name = h("span", { class: "client-name" });
  const machine = h("span", { class: "about" });
  const lamp = h("span", { class: "lamp", "aria-hidden": "true" });
  const state = h("span");
  const running = h("p", { class: "running" });
  const level = h("span");
  const load = h("span", { class: "load-text" });
  const meter = h("p", { class: "load" }, h("span", { class: "meter", "aria-hidden": "true" }, level), load);
  const since = h("p", { class: "since" });
  const button = h("button", { type: "button", class: "quiet", on: { click: () => turn(client, client.status === "enabled" ? "disabled" : "enabled") } });
  const row = h("li", { class: "client" },
    h("p", { class: "client-title" }, name, machine), h("p", { class: "state" }, lamp, state),
    running, meter, since, h("p", { class: "actions" }, button));
  let client = null;

  const update = (newest) => {
    client = newest;
    const online = client.connection === "online";
    mark(row, "connection", client.connection);
    mark(row, "status", client.status);
    mark(row, "activity", online ? client.activity : "away");
    row.id = `client-${client.id}`;
    say(name, client.name);
    say(machine, about(client));
    say(state, doing(client));
    runs(running, client);
    level.style.width = `${online ? Math.min(100, client.load) : 0}%`;
    say(load, online ? `${Math.round(client.load)} % load` : "");
    say(since, `${client.connection} for ${whole(now() - client.since)}`);
    say(button, client.status === "enabled" ? "Disable" : "Enable");
    button.setAttribute("aria-label", `${button.textContent} ${client.name}`);
  };
  return { element: row, update };
}

function about(client) {
  const words = [plural(client.slots, "slot")];
  if (client.memory) words.push(memory(client.memory));
  if (client.gpus.length) words.push(plural(client.gpus.length, "GPU"));
  if (client.blenders.length) words.push(`Blender ${client.blenders.map((blender) => blender.version).join(", ")}`);
  return words.join(" · ");
}

function doing(client) {
  if (client.activity === "off") return "off to save power";
  if (client.connection === "offline") return client.status === "disabled" ? "offline, disabled" : "offline";
  if (client.status === "disabled") return client.activity === "busy" ? "finishes, then rests" : "disabled";
  return client.activity === "occupied" ? "in use" : client.activity;
}

// The links are made anew only when something else runs.
function runs(place, client) {
  const key = client.running.map((run) => `${run.order}.${run.task}.${run.percent}`).join();
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  const shown = client.running.slice(0, 3).map((run) => {
    const link = h("a", { href: here(`/jobs/${run.job}?order=${run.order}#log`) }, `${run.job_name || `job ${run.job}`} ${run.what}`);
    return h("span", {}, link, run.percent == null ? "" : ` · ${Math.round(run.percent)} %`);
  });
  place.replaceChildren(...shown.flatMap((part, index) => (index ? [", ", part] : [part])));
  if (client.running.length > 3) place.append(` and ${client.running.length - 3} more`);
}

async function turn(client, status) {
  try {
    await change("PATCH", `/api/v1/clients/${client.id}`, { status });
    toast(sentence(client, status), () => turn(client, client.status));
  } catch (error) {
    sorry(error);
  }
}

function sentence(client, status) {
  const said = `${client.name} is now ${status}`;
  if (status === "enabled" || !client.running.length) return `${said}.`;
  return `${said}; ${plural(client.running.length, "task")} ${client.running.length === 1 ? "finishes" : "finish"} first.`;
}
