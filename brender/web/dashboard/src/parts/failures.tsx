// Why tasks failed: those with the same reason together, what the farm did about it, and the way to a log.

import { here } from "../farm/api";
import type { Failure } from "../farm/api";
import { now } from "../farm/clock";
import { ago, plural } from "../words";

const FEW = 8;

// All of them are in the answer for programs; people want to know how many.
const few = (all: readonly string[], between: string) => (all.length > FEW + 1 ? `${all.slice(0, FEW).join(between)} and ${all.length - FEW} more` : all.join(between));

export function Failures({ job, failures }: { job: number; failures: readonly Failure[] }) {
  return (
    <ol class="failures">
      {failures.map((failure) => (
        <li key={failure.order} class="failure">
          <p class="failure-why">{failure.line}</p>
          <p class="soft">{[plural(failure.tasks, "task"), ...Object.entries(failure.which).map(([step, which]) => `${step} ${few(which.split(","), ",")}`), failure.clients.length && `on ${few(failure.clients, ", ")}`, ago(failure.last, now())].filter(Boolean).join(" · ")}</p>
          <p>{failure.did}</p>
          <a href={here(`/jobs/${job}/tasks/${encodeURIComponent(failure.task)}?order=${failure.order}`)}>Log of {failure.task}</a>
        </li>
      ))}
    </ol>
  );
}
