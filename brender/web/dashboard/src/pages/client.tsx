// One client: what it runs, how busy it was, what it did, what failed on it, when it sleeps, and what it takes.

import { useMemo, useState } from "preact/hooks";
import { useTitle } from "../app/router";
import type { Where } from "../app/router";
import { tell } from "../app/toasts";
import { CLIENT_VERBS, act, attempt, ids as filterOf } from "../farm/acting";
import type { Verb } from "../farm/acting";
import { API, get, here, query, sorryOf } from "../farm/api";
import type { Client, Load, Sorry, Turn } from "../farm/api";
import { now, second } from "../farm/clock";
import { pending } from "../farm/expected";
import { useLoaded, useThing } from "../farm/loading";
import { Allowed } from "../parts/allowed";
import { VerbButton } from "../parts/button";
import { Changes } from "../parts/changes";
import { Plot } from "../parts/plot";
import type { Line } from "../parts/plot";
import { ClientState } from "../parts/state";
import { Timeline } from "../parts/timeline";
import { Note, Trouble, Wait } from "../parts/trouble";
import { Week } from "../parts/week";
import { ago, bytes, clock, duration, number, percent, plural } from "../words";

const DAY = 86_400; // seconds
const EVERY = 10; // seconds between two looks at what it did

export default function ClientPage({ ids }: Where) {
  const id = Number(ids.client);
  const { value: client, sorry, again } = useThing("client", id);
  useTitle(client?.name ?? `Client ${id}`);
  if (!client || sorry?.status === 404) return sorry ? <Trouble title={sorry.status === 404 ? "Not here" : "This client could not be read"} message={sorry.message} /> : <Wait />;
  return (
    <>
      <Head client={client} />
      {sorry && <Note sorry={sorry} again={again} />}
      <Running client={client} />
      <Busy client={client} />
      <Did client={client} />
      <section aria-labelledby="sleep-title">
        <div class="heading"><h2 id="sleep-title">Hours of sleep</h2><p>{client.settings.sleeps || "it never sleeps"}</p></div>
        <Week week={client.sleep_week} zone={client.sleep_zone} />
      </section>
      <section aria-labelledby="settings-title">
        <div class="heading"><h2 id="settings-title">Settings</h2></div>
        <Allowed item="client" verb="update" instead={<Set client={client} />}><Settings client={client} /></Allowed>
      </section>
      <Changes item="client" id={client.id} />
    </>
  );
}

function verbsFor(client: Client) {
  const fitting: Record<string, boolean> = { enable: client.status === "disabled", disable: client.status === "enabled", restart: client.connection === "online", drain: client.connection === "online" };
  return CLIENT_VERBS.filter((verb) => fitting[verb.name]);
}

function Head({ client }: { client: Client }) {
  void second.value;
  const machine = [client.system, plural(client.slots, "slot"), `${bytes(client.memory)} of memory`, ...client.gpus, ...client.blenders.map((one) => `Blender ${one.version}`)].filter(Boolean);
  return (
    <section class="job-head" aria-labelledby="client-name" aria-busy={pending(client)}>
      <p class="soft">Client {client.id} · {client.connection} since {clock(client.since)}{client.revoked && " · revoked: it can come back with a new join token"}</p>
      <h1 id="client-name">{client.name}</h1>
      <div class="job-line">
        <ClientState client={client} />
        <div class="job-middle"><p>{client.used} of {plural(client.slots, "slot")} in use</p><p class="soft">{machine.join(" · ")}</p></div>
        <div class="verbs">{verbsFor(client).map((verb) => <VerbButton key={verb.name} item="client" verb={verb} about={client.name} run={() => void act({ item: "client", verb, filter: filterOf([client.id]), things: [client] })} />)}</div>
      </div>
    </section>
  );
}

function Running({ client }: { client: Client }) {
  void second.value;
  return (
    <section aria-labelledby="running-title">
      <div class="heading"><h2 id="running-title">Runs now</h2></div>
      {client.running.length === 0 && <p class="empty">Nothing.</p>}
      <ul>
        {client.running.map((one) => (
          <li key={`${one.order} ${one.task}`} class="running">
            <a href={here(`/jobs/${one.job}/tasks/${encodeURIComponent(`${one.step}:${one.task}`)}?order=${one.order}`)}>{one.job_name || `Job ${one.job}`} {one.what}</a>
            <span class="soft">{[one.since != null && `for ${duration(now() - one.since)}`, one.percent != null && percent(one.percent), one.status].filter(Boolean).join(" · ")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const share = (value: number) => percent(value);

const LINES: readonly (Line & { of: "cpu" | "memory" | "gpu" })[] = [
  { name: "processors", colour: "--active", of: "cpu", write: share, fill: true },
  { name: "memory", colour: "--completed", of: "memory", dash: [8, 4], write: share },
  { name: "graphics", colour: "--paused", of: "gpu", dash: [2, 3], write: share },
];

function Busy({ client }: { client: Client }) {
  const [span, setSpan] = useState<"hour" | "day">("hour");
  const { value, sorry } = useLoaded(async (signal) => (await get<{ load: Load }>(`${API}/clients/${client.id}/load${query({ span })}`, { signal })).load, [client.id, span, Math.floor(second.value / EVERY)]);
  const lines = LINES.filter((line) => value?.[line.of].some((each) => each != null));
  const data = useMemo(() => (value ? [value.cpu.map((_, place) => value.since + place * value.step), ...lines.map((line) => value[line.of])] : []), [value]);
  const facts = [`load ${percent(client.load)}`, client.memory_used != null && `${bytes(client.memory_used)} of memory used`, client.disk_free != null && `${bytes(client.disk_free)} of disk free`].filter(Boolean);
  return (
    <section aria-labelledby="load-title">
      <div class="heading">
        <h2 id="load-title">How busy</h2><p>{facts.join(" · ")}</p>
        <span class="choice" role="group" aria-label="How far back">{(["hour", "day"] as const).map((each) => <button key={each} type="button" class="btn btn-sm btn-outline-secondary" aria-pressed={span === each} onClick={() => setSpan(each)}>{each}</button>)}</span>
      </div>
      {sorry && <Note sorry={sorry} />}
      {lines.length > 0 ? <Plot label={`Load of ${client.name} in the last ${span}`} time lines={lines} data={data} most={100} /> : value && <p class="empty">Its worker has said nothing yet.</p>}
    </section>
  );
}

function Did({ client }: { client: Client }) {
  const { value, sorry } = useLoaded(async (signal) => (await get<{ timeline: Turn[] }>(`${API}/clients/${client.id}/timeline${query({ limit: 500 })}`, { signal })).timeline, [client.id, Math.floor(second.value / EVERY)]);
  const span = value?.length ? Math.min(DAY, Math.max(600, now() - Math.min(...value.map((turn) => turn.issued)))) : DAY;
  const failed = grouped(value?.filter((turn) => turn.failed > 0) ?? []).slice(0, 10);
  return (
    <section aria-labelledby="did-title">
      <div class="heading"><h2 id="did-title">What it did</h2><p>{value && `the last ${duration(span)}`}</p></div>
      {sorry && <Note sorry={sorry} />}
      {value && (value.length ? <Timeline turns={value} span={span} /> : <p class="empty">It has had no order lately.</p>)}
      {failed.length > 0 && (
        <>
          <h3 class="sub">Failed here</h3>
          <ul class="failures">{failed.map(([turn, times]) => (
            <li key={turn.order} class="failure">
              <p class="failure-why">{turn.reason}</p>
              <p class="soft"><a href={here(`/jobs/${turn.job}/tasks/${encodeURIComponent(`${turn.step}:${turn.failed_tasks[0] ?? turn.first}`)}?order=${turn.order}`)}>{turn.job_name || `Job ${turn.job}`}, {turn.step}</a> · {plural(times, "time")} · {turn.ended != null && `${times > 1 ? "last " : ""}${ago(turn.ended, now())}`}</p>
            </li>
          ))}</ul>
        </>
      )}
    </section>
  );
}

// The newest of those with the same job and reason, and how many there are.
function grouped(turns: readonly Turn[]): [Turn, number][] {
  const found = new Map<string, [Turn, number]>();
  for (const turn of turns) {
    const key = `${turn.job} ${turn.step} ${turn.reason}`;
    const [newest, times] = found.get(key) ?? [turn, 0];
    found.set(key, [newest, times + 1]);
  }
  return [...found.values()];
}

// What may be set, and how it is written.
const FIELDS = [
  { name: "pools", title: "Pools", hint: "with commas between", list: true },
  { name: "tags", title: "Tags", hint: "with commas between", list: true },
  { name: "takes", title: "Takes only jobs of these pools", hint: "nothing: all", list: true },
  { name: "sleeps", title: "Sleeps", hint: "mon-fri 08:00-19:00" },
  { name: "zone", title: "Time zone", hint: "Europe/Amsterdam" },
  { name: "most_tasks", title: "Tasks side by side, at most", hint: "nothing: as many as fit", number: true },
] as const;

type Given = Record<string, unknown>;

const asText = (given: unknown) => [given ?? ""].flat().map(String).join(", ");

// For those who may not change it.
function Set({ client }: { client: Client }) {
  const given = client.settings as unknown as Given;
  const set = FIELDS.filter(({ name }) => asText(given[name]));
  if (!set.length) return <p class="empty">Nothing is set.</p>;
  return <dl class="facts">{set.map(({ name, title }) => <div key={name} class="fact-row"><dt>{title}</dt><dd>{asText(given[name])}</dd></div>)}</dl>;
}

// What somebody writes stays until it is set, whatever is set elsewhere meanwhile.
function Settings({ client }: { client: Client }) {
  const given = client.settings as unknown as Given;
  const text = (name: string) => asText(given[name]);
  const [written, setWritten] = useState<Record<string, string>>({});
  const [sorry, setSorry] = useState<Sorry>();
  const changed = FIELDS.filter(({ name }) => (written[name] ?? text(name)) !== text(name));
  const read = (field: (typeof FIELDS)[number]) => {
    const said = (written[field.name] ?? "").trim();
    if ("list" in field) return said.split(",").map((word) => word.trim()).filter(Boolean);
    return "number" in field ? (said ? Number(said) : null) : said;
  };
  const save = async (event: Event) => {
    event.preventDefault();
    const body = Object.fromEntries(changed.map((field) => [field.name, read(field)]));
    const set: Verb = { name: "update", title: "Set", done: "set", method: "PATCH", expects: ({ settings }: Client) => ({ settings: { ...settings, ...body } }) };
    try {
      await attempt({ item: "client", verb: set, filter: filterOf([client.id]), things: [client], body });
      setWritten({});
      setSorry(undefined);
      tell(`${client.name}: ${number(changed.length)} set.`);
    } catch (error) {
      setSorry(sorryOf(error));
    }
  };
  return (
    <form class="client-settings" onSubmit={(event) => void save(event)}>
      {FIELDS.map(({ name, title, hint }) => (
        <div key={name}>
          <label for={`set-${name}`}>{title} <span class="soft">{hint}</span></label>
          <input id={`set-${name}`} class="form-control form-control-sm" value={written[name] ?? text(name)} aria-invalid={sorry?.at === name} onInput={(event) => setWritten({ ...written, [name]: event.currentTarget.value })} />
        </div>
      ))}
      {sorry && <p class="note-bad" role="alert">{sorry.message}</p>}
      <button type="submit" class="btn btn-sm btn-primary" disabled={!changed.length}>Set</button>
    </form>
  );
}
