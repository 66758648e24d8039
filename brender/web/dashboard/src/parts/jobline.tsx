// One job as a line: state, name, bar, numbers, why it failed, and what can be done with it.

import { JOB_VERBS, act, ids } from "../farm/acting";
import { here } from "../farm/api";
import type { JobNow } from "../farm/api";
import { pending } from "../farm/expected";
import { titleOf } from "../words";
import { Allowed } from "./allowed";
import { VerbButton } from "./button";
import { FINISHED, JobBar, Numbers } from "./progress";
import { State } from "./state";

export function verbsFor(job: JobNow) {
  const fitting: Record<string, boolean> = {
    pause: !FINISHED.has(job.state) && job.state !== "paused",
    resume: job.state === "paused",
    retry: job.failed > 0,
    cancel: !FINISHED.has(job.state),
  };
  return JOB_VERBS.filter((verb) => fitting[verb.name]);
}

export function JobVerbs({ job }: { job: JobNow }) {
  return (
    <div class="verbs">
      {verbsFor(job).map((verb) => (
        <VerbButton key={verb.name} item="job" verb={verb} owners={[job.owner]} about={titleOf(job)} run={() => void act({ item: "job", verb, filter: ids([job.id]), things: [job] })} />
      ))}
    </div>
  );
}

export function JobLine({ job }: { job: JobNow }) {
  return (
    <li class="job-line" aria-busy={pending(job)}>
      <State state={job.state} />
      <div class="job-middle">
        <p class="job-title"><a class="job-name" href={here(`/jobs/${job.id}`)}>{titleOf(job)}</a> <span class="soft">{[`job ${job.id}`, job.owner].filter(Boolean).join(" · ")}</span></p>
        <JobBar job={job} />
        <Numbers job={job} />
        {job.failed > 0 && job.reason && <p class="note-bad">{job.reason}</p>}
        {job.state === "queued" && job.waits && <p class="soft">{job.waits}</p>}
      </div>
      <JobVerbs job={job} />
    </li>
  );
}

export const NoJob = () => <>No job yet. <Allowed item="job" verb="create"><a href={here("/submit")}>Submit one</a>, or hand in a scene: <code>brender submit scene.blend</code></Allowed></>;
