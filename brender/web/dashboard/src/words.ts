// Numbers and times in a person's words: no number without its unit.

import type { JobNow, Step } from "./farm/api";

// Written here, and not by the browser's own formats: the first one that is asked for takes ten milliseconds of a page's start.
export function number(value: number): string {
  const [whole, fraction] = String(Math.round(value * 1000) / 1000).split(".");
  return whole!.replace(/\B(?=(\d{3})+$)/g, ",") + (fraction ? `.${fraction}` : "");
}

export const plural = (value: number, one: string, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

export function duration(seconds: number | null | undefined): string {
  if (seconds == null) return "";
  if (seconds < 0.0995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) {
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor((seconds % 3600) / 60);
    return hours < 10 && minutes ? `${hours} h ${minutes} min` : `${hours} h`;
  }
  return plural(Math.round(seconds / 86400), "day");
}

// What is counted while somebody looks has whole seconds: tenths would only flicker.
export const whole = (seconds: number) => (seconds < 10 ? `${Math.max(1, Math.floor(seconds))} s` : duration(seconds));

export const ago = (then: number, now: number) => (now - then < 2 ? "just now" : `${whole(now - then)} ago`);

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const two = (value: number) => String(value).padStart(2, "0");

export function clock(epoch: number | null | undefined): string {
  if (epoch == null) return "";
  const date = new Date(epoch * 1000);
  const now = new Date();
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (date.toDateString() === now.toDateString()) return time;
  const day = `${date.getDate()} ${MONTHS[date.getMonth()]}`;
  return date.getFullYear() === now.getFullYear() ? `${DAYS[date.getDay()]} ${day}, ${time}` : `${day} ${date.getFullYear()}, ${time}`;
}

export function bytes(value: number): string {
  for (const [unit, size] of [["TB", 2 ** 40], ["GB", 2 ** 30], ["MB", 2 ** 20], ["KB", 2 ** 10]] as const) {
    if (value >= size) return `${value < 10 * size ? (value / size).toFixed(1).replace(/\.0$/, "") : Math.round(value / size)} ${unit}`;
  }
  return plural(value, "byte");
}

export const percent = (value: number) => `${Math.round(value)} %`;

export const titleOf = (job: { id: number; name: string }) => job.name || `Job ${job.id}`;

// A job that has shown pictures makes frames; of any other we only know that it has tasks.
export const unit = (job: Pick<JobNow, "picture">) => (job.picture > 0 ? "frame" : "task");

// The part of a job that its people count: of a job that makes frames, the step with the most of them.
export function counted(job: JobNow): JobNow | Step {
  if (unit(job) === "task" || !job.steps.length) return job;
  return job.steps.reduce((most, step) => (step.tasks > most.tasks ? step : most));
}
