// The farm now: what people put on the wall.
//
// How does this work?  What stands below waits for what stands above it, so that nothing moves when that comes.

import { useTitle } from "../app/router";
import { here } from "../farm/api";
import { useJobsNow } from "../farm/jobs";
import { useFarmNow } from "../farm/now";
import { Failing } from "../parts/failing";
import { Glance } from "../parts/glance";
import { JobLine, NoJob } from "../parts/jobline";
import { Newest, usePictures } from "../parts/newest";
import { Tiles } from "../parts/tiles";
import { Note, Wait } from "../parts/trouble";

const SHOWN = 12; // jobs

export default function Farm() {
  useTitle("");
  const farm = useFarmNow();
  const { jobs, sorry } = useJobsNow();
  const pictures = usePictures();
  const above = (farm.value || farm.sorry) && (pictures.value || pictures.sorry) && (jobs || sorry);
  return (
    <>
      <h1 class="visually-hidden">The farm</h1>
      {farm.value ? <Glance farm={farm.value} /> : farm.sorry ? <Note sorry={farm.sorry} again={farm.again} /> : <Wait />}
      {above && jobs && <Newest jobs={jobs} first={pictures.value} />}
      {above && farm.value && <Failing farm={farm.value} />}
      {above && (
        <section aria-labelledby="jobs-title">
          <div class="heading"><h2 id="jobs-title">Jobs</h2><p><a href={here("/jobs")}>all of them</a></p></div>
          {sorry && <Note sorry={sorry} />}
          {jobs && (jobs.length ? <ol>{jobs.slice(0, SHOWN).map((job) => <JobLine key={job.id} job={job} />)}</ol> : <p class="empty"><NoJob /></p>)}
        </section>
      )}
      {above && farm.value && <Tiles farm={farm.value} />}
    </>
  );
}
