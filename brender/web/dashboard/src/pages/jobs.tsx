// All jobs: a table, and what can be done with those that are chosen.

import { useTitle } from "../app/router";
import { JOB_VERBS } from "../farm/acting";
import { JOB_FIELDS, here } from "../farm/api";
import type { Job } from "../farm/api";
import { now, second } from "../farm/clock";
import { JOBS } from "../farm/lists";
import { NoJob } from "../parts/jobline";
import { JobBar, Numbers } from "../parts/progress";
import { State } from "../parts/state";
import { Table } from "../parts/table";
import type { Column } from "../parts/table";
import { ago, clock, titleOf } from "../words";

export const JOB_COLUMNS: readonly Column<Job>[] = [
  { name: "id", title: "Job", show: (job) => job.id, number: true, wide: true },
  { name: "name", title: "Name", show: (job) => <a href={here(`/jobs/${job.id}`)}>{titleOf(job)}</a> },
  { name: "owner", title: "Owner", show: (job) => job.owner, wide: true },
  { name: "state", title: "State", show: (job) => <State state={job.state} /> },
  { name: "progress", title: "Progress", show: (job) => <><JobBar job={job} /><Numbers job={job} /></>, needs: JOB_FIELDS },
  { name: "priority", title: "Priority", show: (job) => job.priority, number: true, wide: true },
  { name: "submitted", title: "Submitted", show: (job) => <Ago at={job.submitted} />, wide: true },
  { name: "ended", title: "Ended", show: (job) => (job.ended == null ? "" : <Ago at={job.ended} />), hidden: true },
  { name: "failed", title: "Failed", show: (job) => job.failed || "", hidden: true, number: true },
  { name: "reason", title: "Why it failed", show: (job) => job.reason, hidden: true },
  { name: "waits", title: "Waits for", show: (job) => job.waits, hidden: true },
];

function Ago({ at }: { at: number }) {
  void second.value;
  return <time dateTime={new Date(at * 1000).toISOString()} title={clock(at)}>{ago(at, now())}</time>;
}

export default function Jobs() {
  useTitle("Jobs");
  return (
    <>
      <h1>Jobs</h1>
      <Table
        item="job" plural="jobs" kind="job" {...JOBS} label="Jobs" id={(job: Job) => job.id} columns={JOB_COLUMNS} to={(job) => `/jobs/${job.id}`} verbs={JOB_VERBS}
        empty={<p><NoJob /></p>}
      />
    </>
  );
}
