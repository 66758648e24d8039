// One task: where it ran, how often, what became of it and why, and the log of each try.

import { remember, said, useTitle } from "../app/router";
import type { Where } from "../app/router";
import { TASK_VERBS, act } from "../farm/acting";
import { API, get, here, query } from "../farm/api";
import type { Excerpt, Job, Order, Page, Task } from "../farm/api";
import { now, second } from "../farm/clock";
import { useHeard, useLoaded } from "../farm/loading";
import { ownOnly } from "../farm/session";
import { VerbButton } from "../parts/button";
import { Log } from "../parts/log";
import { FINISHED } from "../parts/progress";
import { State } from "../parts/state";
import { Note, Trouble, Wait } from "../parts/trouble";
import { ago, clock, duration, plural } from "../words";

const PART = 1_000_000; // bytes that are read at once
const encoder = new TextEncoder();

export default function TaskPage({ ids }: Where) {
  const job = Number(ids.job);
  const name = ids.task ?? "";
  const address = `${API}/jobs/${job}/tasks/${encodeURIComponent(name)}`;
  const { value: task, sorry, again } = useLoaded((signal) => get<Task>(address, { signal }), [address]);
  const tries = useLoaded(async (signal) => (task ? (await get<Page<Order>>(`${API}/jobs/${job}/orders${query({ filter: `step=${JSON.stringify(task.step)} and first<=${task.task}`, sort: "-first,-id", limit: 50 })}`, { signal })).data.filter((one) => task.task < one.first + one.count) : []), [task]);
  useHeard("task", ({ anew, steps }) => {
    const mine = (step: string, first: number, count: number) => step === task?.step && first <= task.task && task.task < first + count;
    if (anew || steps.some(({ step, runs }) => runs.some(([first, count]) => mine(step, first, count)))) again();
  }, job, task ? {} : null);
  const owner = useOwner(job);
  useTitle(task ? `${task.what} of job ${job}` : `Job ${job}`);
  if (!task || owner == null) return sorry ? <Trouble title={sorry.status === 404 ? "Not here" : "This task could not be read"} message={sorry.message} /> : <Wait />;
  const wanted = Number(said.value.get("order"));
  const order = tries.value?.find((one) => one.id === wanted) ?? tries.value?.[0];
  return (
    <>
      <Head job={job} owner={owner} task={task} />
      <section aria-labelledby="tries-title">
        <div class="heading"><h2 id="tries-title">Tries</h2><p>{tries.value && plural(tries.value.length, "try", "tries")}</p></div>
        {tries.sorry && <Note sorry={tries.sorry} />}
        {tries.value?.length === 0 && <p class="empty">It has not been given to a client yet.</p>}
        <ol class="tries">{tries.value?.map((one) => <Try key={one.id} order={one} chosen={one === order} />)}</ol>
      </section>
      {order && (
        <section aria-labelledby="log-title">
          <div class="heading"><h2 id="log-title">Log</h2><p>order {order.id} on {order.client}</p></div>
          <Log name={`${order.id} ${task.task}`} runs={order.ended == null} read={(from, signal) => readLog(job, order.id, from, signal)} whole={`${API}/jobs/${job}/log${query({ order: order.id })}`} />
        </section>
      )}
    </>
  );
}

function Head({ job, owner, task }: { job: number; owner: string; task: Task }) {
  void second.value;
  const filter = `id=${JSON.stringify(task.id)}`;
  const running = task.since != null ? ` for ${duration(now() - task.since)}${task.percent != null ? `, ${Math.round(task.percent)} %` : ""}` : "";
  return (
    <section class="job-head" aria-labelledby="task-name">
      <p class="soft"><a href={here(`/jobs/${job}?step=${encodeURIComponent(task.step)}`)}>Job {job}</a> · {task.step} · task {task.task}</p>
      <h1 id="task-name">{task.what}</h1>
      <div class="job-line">
        <State state={task.state} />
        <div class="job-middle">
          <p>{[where(task) + running, task.seconds != null && `took ${duration(task.seconds)}`, task.status].filter(Boolean).join(" · ")}</p>
          {task.parameters && <p class="soft">{task.parameters}</p>}
        </div>
        <div class="verbs">{verbsFor(task).map((verb) => <VerbButton key={verb.name} item="task" verb={verb} owners={[owner]} about={task.what} run={() => void act({ item: "task", within: `jobs/${job}/`, verb, filter })} />)}</div>
      </div>
      <Why job={job} task={task} />
    </section>
  );
}

// Of the job; asked for where it matters who that is.
function useOwner(job: number): string | undefined {
  const matters = ownOnly("task");
  const { value, sorry } = useLoaded(async (signal) => (matters ? ((await get<Page<Pick<Job, "owner">>>(`${API}/jobs${query({ filter: `id=${job}`, fields: "owner" })}`, { signal })).data[0]?.owner ?? "") : ""), [job, matters]);
  return value ?? (sorry || !matters ? "" : undefined);
}

// Those that would change something.
function verbsFor({ state }: Task) {
  const ended = FINISHED.has(state);
  const fitting: Record<string, boolean> = { retry: ended && state !== "completed", requeue: ended, cancel: !ended };
  return TASK_VERBS.filter((verb) => fitting[verb.name]);
}

// A task that has ended is on nobody's hands: where it was its tries say.
function where(task: Task): string {
  if (!task.client) return FINISHED.has(task.state) ? "" : "no client has it";
  return `${task.state === "active" ? "runs on" : "ran on"} ${task.client}`;
}

function Why({ job, task }: { job: number; task: Task }) {
  const { value } = useLoaded((signal) => get<{ why: string | string[] }>(`${API}/jobs/${job}/tasks/${encodeURIComponent(task.id)}/why`, { signal }), [task]);
  return value ? <p class="waits">{[value.why].flat().join(" ")}</p> : null;
}

function Try({ order, chosen }: { order: Order; chosen: boolean }) {
  const [state, word] = stateOf(order);
  return (
    <li class="try" data-chosen={chosen}>
      <State state={state} word={word} />
      <button type="button" class="link-like" aria-pressed={chosen} onClick={() => remember({ order: order.id })}>order {order.id}{order.attempt > 1 && `, try ${order.attempt}`}</button>
      <span>on {order.client}</span>
      <span class="soft">{order.ended == null ? `since ${clock(order.issued)}` : `${duration(order.ended - order.issued)}, ${ago(order.ended, now())}`}</span>
      {order.reason && <span class="note-bad">{order.reason}</span>}
    </li>
  );
}

function stateOf(order: Order): [string, string] {
  if (order.ended == null) return ["active", order.completed ? `given, ${order.completed} of ${order.count}` : "given"];
  if (order.failed) return ["failed", order.count > 1 ? `${order.failed} failed` : "failed"];
  if (order.completed === order.count) return ["completed", "completed"];
  return ["canceled", order.completed ? `${order.completed} of ${order.count}` : "handed back"];
}

async function readLog(job: number, order: number, from: number, signal: AbortSignal) {
  const { excerpt } = await get<{ excerpt: Excerpt }>(`${API}/jobs/${job}/excerpt${query({ order, begin: from, length: PART })}`, { signal });
  return { bytes: encoder.encode(excerpt.text), end: excerpt.end, more: excerpt.end < excerpt.size };
}
