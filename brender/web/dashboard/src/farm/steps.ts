// Which step of a job its page shows, where the grid of its tasks is, and both asked for while the page's code comes.

import { API, askAhead, read } from "./api";
import type { Job } from "./api";

export const gridAddress = (job: number, step: string) => `${API}/jobs/${job}/steps/${encodeURIComponent(step)}/grid`;

export const largestOf = ({ steps }: Job) => steps.reduce<Job["steps"][number] | undefined>((most, step) => (most && most.tasks >= step.tasks ? most : step), undefined);

// The one that somebody has chosen, or else the largest.
export const shownStep = (job: Job, chosen: string | null) => job.steps.find((step) => step.name === chosen) ?? largestOf(job);

export function askJobAhead(id: number, chosen: string | null) {
  askAhead(`${API}/jobs/${id}`, async (answer) => {
    const step = shownStep(await read<Job>(answer), chosen);
    if (step) askAhead(gridAddress(id, step.name));
  });
}
