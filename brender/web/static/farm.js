// The page of the farm: frames, jobs and clients, live.

import { clientRow } from "./clientrow.js";
import { byId, keyed, say, show } from "./dom.js";
import { frames } from "./frames.js";
import { glance } from "./glance.js";
import { jobRow, left } from "./jobrow.js";
import { connected, follow, get, sorry } from "./live.js";
import { counted, plural, whole, unit } from "./words.js";

const PAGE = 30; // jobs

const URGENCY = { active: 0, queued: 1, paused: 2 }; // and then all that is finished

const jobs = new Map();
const clients = new Map();
const jobRows = new Map();
const clientRows = new Map();
let older = null; // where the next page of jobs begins
let stopping = "";

const pictures = frames({ section: byId("frames"), newest: byId("newest"), strip: byId("strip"), jobs });

const keep = (job) => jobs.set(job.id, { ...job, received: Date.now() });

async function load() {
  const wanted = Math.max(PAGE, Math.min(jobs.size, 1000));
  const [farm, running, page, everyone] = await Promise.all([
    get("/api/v1/farm"),
    get("/api/v1/jobs?filter=state%3Dqueued,active,paused&limit=200"),
    get(`/api/v1/jobs?limit=${wanted}`),
    get("/api/v1/clients.json"),
  ]);
  jobs.clear();
  clients.clear();
  [...running.data, ...page.data].forEach(keep);
  everyone.data.forEach((client) => clients.set(client.id, client));
  older = page.next;
  stopping = farm.stopping;
  pictures.start(page.data);
}

function apply(kind, data) {
  if (kind === "job") {
    if (data.picture > (jobs.get(data.id)?.picture ?? 0)) pictures.load({ job: data.id, picture: data.picture });
    keep(data);
  } else if (kind === "client") clients.set(data.id, data);
  else if (kind === "farm") stopping = data.state === "working" ? "" : data.reason || "it is stopping";
}

function paint() {
  const everyone = [...clients.values()].sort((one, other) => order(one) - order(other) || one.name.localeCompare(other.name, "en", { numeric: true }));
  const all = [...jobs.values()].sort((one, other) => (URGENCY[one.state] ?? 3) - (URGENCY[other.state] ?? 3) || other.id - one.id);
  glance(everyone, all, stopping);
  keyed(byId("jobs-list"), jobRows, all, () => jobRow());
  keyed(byId("clients-list"), clientRows, everyone, () => clientRow());
  show(byId("jobs-empty"), !all.length && connected());
  show(byId("clients-empty"), !everyone.length && connected());
  show(byId("jobs-more"), older != null);
  say(byId("jobs-note"), summary(all));
  say(byId("clients-note"), presence(everyone));
  pictures.caption();
  title(all);
}

const order = (client) => (client.connection === "online" ? 0 : 1);

function summary(all) {
  const words = [];
  for (const [state, word] of [["active", "running"], ["queued", "waiting"], ["paused", "paused"]]) {
    const number = all.filter((job) => job.state === state).length;
    if (number) words.push(`${number} ${word}`);
  }
  return words.join(" · ") || (all.length ? "all finished" : "");
}

function presence(everyone) {
  if (!everyone.length) return "";
  const online = everyone.filter((client) => client.connection === "online");
  const resting = online.filter((client) => client.status === "disabled").length;
  return `${online.length} of ${everyone.length} online${resting ? ` · ${resting} disabled` : ""}`;
}

// What a tab in the background says.
function title(all) {
  const open = all.filter((job) => job.state === "active");
  if (!open.length) return (document.title = "brender");
  const job = open[open.length - 1];
  const { completed, tasks } = counted(job);
  const rest = job.seconds_left == null ? "" : ` · ${whole(left(job))} left`;
  return (document.title = `${completed}/${plural(tasks, unit(job))}${rest} · brender`);
}

byId("jobs-more").addEventListener("click", async () => {
  try {
    const page = await get(`/api/v1/jobs?limit=${PAGE}&after=${older}`);
    page.data.forEach(keep);
    older = page.next;
    soon();
  } catch (error) {
    sorry(error);
  }
});

const soon = follow({ kinds: ["job", "client", "farm"], load, apply, paint });
