// One job: how far it is, its frames, what failed and why, and what was handed in.
//
// How does this work?  What stands below the tasks waits for them, so that nothing moves when they come.

import { useState } from "preact/hooks";
import { remember, said, useTitle } from "../app/router";
import type { Where } from "../app/router";
import { act, ids as filterOf } from "../farm/acting";
import type { Verb } from "../farm/acting";
import { here, API, get } from "../farm/api";
import type { Failure, Job, Page, StepDetails } from "../farm/api";
import { pending } from "../farm/expected";
import { useLoaded, useThing } from "../farm/loading";
import { largestOf, shownStep } from "../farm/steps";
import { Allowed } from "../parts/allowed";
import { Changes } from "../parts/changes";
import { Failures } from "../parts/failures";
import { Film } from "../parts/film";
import { JobVerbs } from "../parts/jobline";
import { FINISHED, JobBar, Numbers } from "../parts/progress";
import { State } from "../parts/state";
import { StepGraph } from "../parts/stepgraph";
import { StepTasks } from "../parts/steptasks";
import { Note, Trouble, Wait } from "../parts/trouble";
import { clock, titleOf } from "../words";

export default function JobPage({ ids }: Where) {
  const id = Number(ids.job);
  const { value: job, sorry, again } = useThing("job", id);
  const [above, setAbove] = useState(false);
  useTitle(job ? `${title(job)}` : `Job ${id}`);
  if (!job || sorry?.status === 404) return sorry ? <Trouble title={sorry.status === 404 ? "Not here" : "This job could not be read"} message={sorry.message} /> : <Wait />;
  return (
    <>
      <Head job={job} />
      {sorry && <Note sorry={sorry} again={again} />}
      <Film job={job} />
      <Steps job={job} there={() => setAbove(true)} />
      {(above || !job.steps.length) && (
        <>
          {(job.failed > 0 || job.reason) && <Why job={job} />}
          <Submitted job={job} />
          <Changes item="job" id={job.id} />
        </>
      )}
    </>
  );
}

// What a tab says.
const title = (job: Job) => (FINISHED.has(job.state) ? titleOf(job) : `${Math.floor(job.progress)} % ${titleOf(job)}`);

function Head({ job }: { job: Job }) {
  const over = [`Job ${job.id}`, job.owner, `priority ${job.priority}`, `submitted ${clock(job.submitted)}`].filter(Boolean).join(" · ");
  return (
    <section class="job-head" aria-labelledby="job-name" aria-busy={pending(job)}>
      <p class="soft">{over}</p>
      <h1 id="job-name">{titleOf(job)}</h1>
      <div class="job-line">
        <State state={job.state} />
        <div class="job-middle"><JobBar job={job} /><Numbers job={job} /></div>
        <JobVerbs job={job} />
      </div>
      {job.waits && !FINISHED.has(job.state) && <p class="waits">{job.waits}</p>}
      {job.wants_approval && <Approve job={job} />}
      {job.warnings.length > 0 && <ul class="warnings">{job.warnings.map((text) => <li key={text}>Note: {text}</li>)}</ul>}
    </section>
  );
}

const APPROVE: Verb = { name: "approve", title: "Approve: render the rest", done: "approved: the rest follows", expects: () => ({ wants_approval: false }) };

function Approve({ job }: { job: Job }) {
  const approve = () => void act({ item: "job", verb: APPROVE, filter: filterOf([job.id]), things: [job] });
  return <p class="waits">The preview is there. <Allowed item="job" verb={APPROVE.name} owners={[job.owner]}><button type="button" class="btn btn-sm btn-primary" onClick={approve}>{APPROVE.title}</button></Allowed></p>;
}

function Steps({ job, there }: { job: Job; there: () => void }) {
  const { value, sorry } = useLoaded(async (signal) => (await get<Page<StepDetails>>(`${API}/jobs/${job.id}/steps?limit=1000`, { signal })).data, [job.id, job.steps.length]);
  const chosen = shownStep(job, said.value.get("step"));
  if (!chosen) return null;
  const details = value?.find((step) => step.name === chosen.name);
  const drawn = job.steps.map((step) => ({ ...step, depends_on: value?.find((one) => one.name === step.name)?.depends_on ?? [] }));
  return (
    <section aria-labelledby="steps-title">
      <div class="heading"><h2 id="steps-title">{job.steps.length > 1 ? "Steps" : "Tasks"}</h2>{job.steps.length > 1 && <p>{chosen.name} is shown below</p>}</div>
      {sorry && <Note sorry={sorry} />}
      {job.steps.length > 1 && (value || sorry) && <StepGraph steps={drawn} chosen={chosen.name} choose={(name) => remember({ step: name === largestOf(job)?.name ? null : name })} />}
      <StepTasks key={chosen.name} job={job.id} owner={job.owner} step={chosen.name} space={details?.space} frame={details?.frame} there={there} />
    </section>
  );
}

function Why({ job }: { job: Job }) {
  const { value, sorry } = useLoaded(async (signal) => (await get<{ failures: Failure[] }>(`${API}/jobs/${job.id}/failures`, { signal })).failures, [job.id, job.failed]);
  return (
    <section aria-labelledby="why-title">
      <div class="heading"><h2 id="why-title">What failed</h2></div>
      {sorry && <Note sorry={sorry} />}
      {value?.length ? <Failures job={job.id} failures={value} /> : job.reason && <p class="note-bad">{job.reason}</p>}
    </section>
  );
}

interface Submission {
  template: unknown;
  values: Record<string, unknown>;
}

function Submitted({ job }: { job: Job }) {
  const [open, setOpen] = useState(false);
  const { value, sorry } = useLoaded((signal) => get<Submission>(`${API}/jobs/${job.id}?orders=0`, { signal }), [job.id]);
  return (
    <section aria-labelledby="submitted-title">
      <div class="heading"><h2 id="submitted-title">Submitted with</h2><p><Allowed item="job" verb="create"><a href={here(`/submit?job=${job.id}`)}>Submit again with changes</a></Allowed></p></div>
      {sorry && <Note sorry={sorry} />}
      {value && (
        <>
          <dl class="facts">{Object.entries(value.values ?? {}).filter(([, said]) => said !== "").map(([name, said]) => <div key={name} class="fact-row"><dt>{name}</dt><dd>{typeof said === "string" ? said : JSON.stringify(said)}</dd></div>)}</dl>
          <details onToggle={(event) => setOpen(event.currentTarget.open)}><summary>The template</summary>{open && <pre class="panel source">{JSON.stringify(value.template, null, 2)}</pre>}</details>
        </>
      )}
    </section>
  );
}
