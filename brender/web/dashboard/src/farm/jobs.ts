// The jobs that are worth a look now: those that are open, and the newest of those that have ended.

import { useMemo } from "preact/hooks";
import { API, JOB_FIELDS, get, query } from "./api";
import type { JobNow, Page, Sorry } from "./api";
import { asExpected, expected } from "./expected";
import { useHeard, useLoaded } from "./loading";

const OPEN = "state=queued,active,paused";
const MOST_OPEN = 200;
const MOST_ENDED = 8;

const URGENCY: Record<string, number> = { active: 0, queued: 1, paused: 2 }; // and then all that has ended

async function load(signal: AbortSignal): Promise<ReadonlyMap<number, JobNow>> {
  const [open, ended] = await Promise.all([
    get<Page<JobNow>>(`${API}/jobs${query({ filter: OPEN, fields: JOB_FIELDS.join(), limit: MOST_OPEN })}`, { signal }),
    get<Page<JobNow>>(`${API}/jobs${query({ filter: `not ${OPEN}`, fields: JOB_FIELDS.join(), sort: "-ended", limit: MOST_ENDED })}`, { signal }),
  ]);
  return new Map([...open.data, ...ended.data].map((job) => [job.id, job]));
}

export function useJobsNow(): { jobs: JobNow[] | undefined; sorry: Sorry | undefined } {
  const { value, sorry, set } = useLoaded(load, []);
  useHeard("job", (changed) => {
    if (value) set(new Map([...value, ...changed.map((job) => [job.id, job] as const)]));
  }, undefined, { fields: JOB_FIELDS });
  useHeard("gone", ({ kind, ids }) => {
    if (kind === "job" && value) set(new Map([...value].filter(([id]) => !ids.includes(id))));
  });
  return { jobs: useMemo(() => value && sorted([...value.values()].map((job) => asExpected("job", job))), [value, expected.value]), sorry };
}

function sorted(jobs: JobNow[]): JobNow[] {
  return jobs.sort((one, other) => urgency(one) - urgency(other) || (other.ended ?? 0) - (one.ended ?? 0) || other.id - one.id);
}

const urgency = (job: JobNow) => URGENCY[job.state] ?? 3;
