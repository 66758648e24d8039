// What has been: the jobs that have ended, and those that were moved to the archive.

import { useState } from "preact/hooks";
import { useTitle } from "../app/router";
import { sorry as tellSorry, tell } from "../app/toasts";
import type { Verb } from "../farm/acting";
import { API, change, get, here } from "../farm/api";
import type { Job } from "../farm/api";
import { useLoaded } from "../farm/loading";
import { HISTORY } from "../farm/lists";
import { covers } from "../farm/session";
import { Table } from "../parts/table";
import type { Column } from "../parts/table";
import { Note } from "../parts/trouble";
import { clock, duration, number, plural, titleOf } from "../words";
import { State } from "../parts/state";

const COLUMNS: readonly Column<Job>[] = [
  { name: "id", title: "Job", show: (job) => job.id, number: true, wide: true },
  { name: "name", title: "Name", show: (job) => <a href={here(`/jobs/${job.id}`)}>{titleOf(job)}</a> },
  { name: "owner", title: "Owner", show: (job) => job.owner, wide: true },
  { name: "state", title: "State", show: (job) => <State state={job.state} /> },
  { name: "tasks", title: "Tasks", show: (job) => number(job.tasks), number: true, wide: true },
  { name: "failed", title: "Failed", show: (job) => (job.failed ? number(job.failed) : ""), number: true, wide: true },
  { name: "started", title: "Took", show: (job) => (job.ended != null && job.started != null ? duration(job.ended - job.started) : ""), needs: ["started", "ended"], fixed: true, number: true, wide: true },
  { name: "seconds_a_task", title: "A task", show: (job) => duration(job.seconds_a_task), number: true, hidden: true },
  { name: "ended", title: "Ended", show: (job) => clock(job.ended) },
  { name: "reason", title: "Why it failed", show: (job) => job.reason, hidden: true },
];

const VERBS: readonly Verb[] = [
  { name: "retry", title: "Retry failed", done: "tried again" },
  {
    name: "delete", title: "Delete", done: "deleted", later: "to be deleted as soon as clients have ended what they run",
    sure: true, method: "DELETE",
  },
];

export default function History() {
  useTitle("History");
  return (
    <>
      <h1>History</h1>
      <Table
        item="job" plural="jobs" kind="job" {...HISTORY} label="Jobs that have ended" id={(job: Job) => job.id} columns={COLUMNS} to={(job) => `/jobs/${job.id}`}
        verbs={VERBS} empty={<p>No job has ended yet.</p>}
      />
      <Archived />
    </>
  );
}

interface Entry {
  id: number;
  name: string;
  state: string;
  ended: number;
  when: number;
}

function Archived() {
  const [open, setOpen] = useState(false);
  const { value, sorry, again } = useLoaded(async (signal) => (open ? await get<{ data: Entry[]; jobs: number }>(`${API}/archive?limit=100`, { signal }) : undefined), [open]);
  const restores = covers("wrangler");
  const restore = (job: Entry) => change("POST", `${API}/archive/${job.id}/restore`).then(() => { tell(`${titleOf(job)} is back in the farm.`); again(); }, tellSorry);
  return (
    <details class="archived" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><h2>Archive</h2></summary>
      {sorry && <Note sorry={sorry} />}
      {value && (value.data.length ? (
        <>
          <p class="soft">{plural(value.jobs, "job")}, the newest first</p>
          <table class="table" aria-label="Archived jobs">
            <thead><tr><th>Job</th><th>Name</th><th>State</th><th>Ended</th><th>Archived</th>{restores && <th><span class="visually-hidden">What can be done</span></th>}</tr></thead>
            <tbody>{value.data.map((job) => <tr key={job.id}><td class="number">{job.id}</td><td>{titleOf(job)}</td><td><State state={job.state} /></td><td>{clock(job.ended)}</td><td>{clock(job.when)}</td>{restores && <td><button type="button" class="btn btn-sm btn-outline-secondary" aria-label={`Restore ${titleOf(job)}`} onClick={() => void restore(job)}>Restore</button></td>}</tr>)}</tbody>
          </table>
        </>
      ) : <p class="empty">Nothing is archived. <code>brender archive --older-than 90d</code> moves old jobs to compressed files.</p>)}
    </details>
  );
}
