// How far a job or a step is: a bar of what is done, runs, failed and was canceled, and the same in words.

import type { JobNow, Step } from "../farm/api";
import { now, second } from "../farm/clock";
import { ago, clock, counted, duration, number, plural, unit, whole } from "../words";

const PARTS = ["completed", "active", "failed", "canceled"] as const;

export const FINISHED: ReadonlySet<string> = new Set(["completed", "failed", "canceled"]);

type Counts = Pick<Step, "tasks" | "completed" | "active" | "failed" | "canceled">;

export function Bar({ counts }: { counts: Counts }) {
  const words = PARTS.map((part) => `${number(counts[part])} ${part === "active" ? "running" : part}`).join(", ");
  const done = counts.tasks ? (100 * counts.completed) / counts.tasks : 100;
  return (
    <div class="bar" role="progressbar" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(done)} aria-valuetext={`${words}, of ${number(counts.tasks)}`} title={words}>
      {PARTS.map((part) => (
        <span key={part} class={`part ${part}`} style={{ width: `${counts.tasks ? (100 * counts[part]) / counts.tasks : part === "completed" ? 100 : 0}%` }} />
      ))}
    </div>
  );
}

export function JobBar({ job }: { job: JobNow }) {
  const canceled = job.steps.reduce((sum, step) => sum + step.canceled, 0);
  return <Bar counts={{ ...job, canceled }} />;
}

// As it was told, less what has gone by since.
const told = new WeakMap<JobNow, number>();

export function left(job: JobNow): number | null {
  if (job.seconds_left == null) return null;
  if (!told.has(job)) told.set(job, Date.now());
  return Math.max(0, job.seconds_left - (Date.now() - told.get(job)!) / 1000);
}

// "15/24 frames · 0.4 s a frame · 4 s left"
export function Numbers({ job }: { job: JobNow }) {
  if (!FINISHED.has(job.state)) void second.value;
  const part = counted(job);
  const one = unit(job);
  const words = [`${number(part.completed)}/${plural(part.tasks, one)}`];
  if (job.failed) words.push(`${number(job.failed)} failed`);
  if (job.seconds_a_task != null) words.push(`${duration(job.seconds_a_task)} a ${one}`);
  words.push(...remaining(job));
  return <span class="numbers">{words.join(" · ")}</span>;
}

function remaining(job: JobNow): string[] {
  if (FINISHED.has(job.state)) {
    const took = job.ended != null && job.started != null ? [`took ${duration(job.ended - job.started)}`] : [];
    return job.ended == null ? took : [...took, ago(job.ended, now())];
  }
  const seconds = left(job);
  if (job.state === "paused") return ["paused: nothing new begins"];
  if (seconds != null) return [`${whole(seconds)} left`];
  return [job.state === "queued" ? `waiting since ${clock(job.submitted)}` : "time left not known yet"];
}
