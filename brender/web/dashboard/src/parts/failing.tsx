// What fails now: jobs of which something failed in the last day, the newest first, each with the line that says why.

import { useState } from "preact/hooks";
import { here } from "../farm/api";
import { now, second } from "../farm/clock";
import type { FarmNow } from "../farm/now";
import { ago, plural, titleOf } from "../words";

const FEW = 4;

export function Failing({ farm }: { farm: FarmNow }) {
  const [all, setAll] = useState(false);
  void second.value;
  const { failing } = farm;
  if (!failing.length) return null;
  return (
    <section aria-labelledby="failing-title">
      <div class="heading"><h2 id="failing-title">Failing</h2><p>in the last day, the newest first</p></div>
      <ul class="failing">
        {failing.slice(0, all ? failing.length : FEW).map((job) => (
          <li key={job.id}>
            <a class="job-name" href={here(`/jobs/${job.id}`)}>{titleOf(job)}</a>
            <p class="note-bad" title={job.reason}>{job.reason || "It did not say why."}</p>
            <p class="soft">{[job.failed ? `${plural(job.failed, "task")} failed` : `${plural(job.tries, "try", "tries")} failed, tried again`, job.owner, ago(job.when, now())].filter(Boolean).join(" · ")}</p>
          </li>
        ))}
      </ul>
      {!all && failing.length > FEW && <button type="button" class="link-like more" onClick={() => setAll(true)}>and {plural(failing.length - FEW, "more job")}</button>}
    </section>
  );
}
