// One job as a row: name, state, bar, numbers, and what can be done with it.

import { draw, h, mark, say, shape, show } from "./dom.js";
import { change, here, now, sorry, toast } from "./live.js";
import { ago, clock, counted, duration, plural, whole, unit } from "./words.js";

export const FINISHED = new Set(["completed", "failed", "canceled"]);
const SURE = 4000; // milliseconds in which a second press means yes

export function jobRow({ titled = true } = {}) {
  const icon = shape();
  const state = h("span");
  const name = h("a", { class: "job-name" });
  const about = h("span", { class: "about" });
  const parts = { completed: h("span"), active: h("span"), failed: h("span"), canceled: h("span") };
  for (const [part, element] of Object.entries(parts)) element.className = `part ${part}`;
  const bar = h("div", { class: "bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, ...Object.values(parts));
  const numbers = h("p", { class: "numbers" });
  const reason = h("p", { class: "why" });
  const buttons = controls();
  const row = h("li", { class: "job" },
    titled ? h("p", { class: "job-title" }, name, about) : null,
    h("p", { class: "state" }, icon, state), bar, numbers, buttons.element, titled ? reason : null);

  const update = (job) => {
    mark(row, "state", job.state);
    draw(icon, job.state);
    say(state, job.state);
    say(name, job.name || `Job ${job.id}`);
    name.href = here(`/jobs/${job.id}`);
    say(about, [`job ${job.id}`, job.owner].filter(Boolean).join(" · "));
    fill(bar, parts, job);
    say(numbers, told(job));
    say(reason, job.failed ? job.reason : "");
    show(reason, Boolean(job.failed && job.reason));
    buttons.update(job);
  };
  return { element: row, update };
}

function fill(bar, parts, job) {
  const canceled = job.steps.reduce((sum, step) => sum + step.canceled, 0);
  const counts = { completed: job.completed, active: job.active, failed: job.failed, canceled };
  for (const [part, element] of Object.entries(parts)) {
    const width = job.tasks ? `${(100 * counts[part]) / job.tasks}%` : part === "completed" ? "100%" : "0%";
    if (element.style.width !== width) element.style.width = width;
  }
  const words = `${job.completed} of ${job.tasks} done, ${job.active} running, ${job.failed} failed, ${canceled} canceled`;
  if (bar.title !== words) {
    bar.title = words;
    bar.setAttribute("aria-valuetext", words);
    bar.setAttribute("aria-valuenow", Math.round(job.progress));
  }
}

// "15/24 frames · 0.4 s a frame · 4 s left"
export function told(job) {
  const part = counted(job);
  const one = unit(job);
  const words = [`${part.completed.toLocaleString("en-GB")}/${plural(part.tasks, one)}`];
  if (job.failed) words.push(`${job.failed.toLocaleString("en-GB")} failed`);
  if (job.seconds_a_task != null) words.push(`${duration(job.seconds_a_task)} a ${one}`);
  if (FINISHED.has(job.state)) {
    if (job.ended != null && job.started != null) words.push(`took ${duration(job.ended - job.started)}`);
    if (job.ended != null) words.push(ago(job.ended, now()));
  } else if (job.state === "paused") words.push("paused: nothing new begins");
  else if (job.seconds_left != null) words.push(`${whole(left(job))} left`);
  else if (job.state === "queued") words.push(`waiting since ${clock(job.submitted)}`);
  else words.push("time left not known yet");
  return words.join(" · ");
}

// As it was told, less what has gone by since.
export function left(job) {
  return Math.max(0, job.seconds_left - (Date.now() - (job.received ?? Date.now())) / 1000);
}

function controls() {
  let job = null;
  let sure = 0;
  const act = async (verb, after) => {
    try {
      await change("POST", `/api/v1/jobs/${job.id}/${verb}`);
      after?.();
    } catch (error) {
      sorry(error);
    }
  };
  const title = () => job.name || `Job ${job.id}`;
  const pause = h("button", { type: "button", class: "quiet", on: { click: () => {
    if (job.state === "paused") return act("resume");
    return act("pause", () => toast(`${title()} is paused; what runs now is finished.`, () => act("resume")));
  } } });
  const cancel = h("button", { type: "button", class: "quiet danger", on: { click: () => {
    if (sure) {
      calm();
      return act("cancel", () => toast(`${title()} is canceled.`));
    }
    sure = setTimeout(calm, SURE);
    mark(cancel, "sure", true);
    return say(cancel, "Really cancel?");
  }, blur: () => calm() } }, "Cancel");
  const calm = () => {
    clearTimeout(sure);
    sure = 0;
    mark(cancel, "sure", false);
    say(cancel, "Cancel");
  };
  const element = h("p", { class: "actions" }, pause, cancel);
  const update = (newest) => {
    job = newest;
    const over = FINISHED.has(job.state);
    show(pause, !over);
    show(cancel, !over);
    say(pause, job.state === "paused" ? "Resume" : "Pause");
    pause.setAttribute("aria-label", `${pause.textContent} ${title()}`);
    cancel.setAttribute("aria-label", `${sure ? "Really cancel" : "Cancel"} ${title()}`);
  };
  return { element, update };
}
