// Numbers and times in a person's words: no number without its unit.

const plural = (number, one, many = one + "s") => `${number.toLocaleString("en-GB")} ${number === 1 ? one : many}`;

export { plural };

export function duration(seconds) {
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
export const whole = (seconds) => (seconds < 10 ? `${Math.max(1, Math.floor(seconds))} s` : duration(seconds));

export const ago = (then, now) => (now - then < 2 ? "just now" : `${whole(now - then)} ago`);

export function clock(epoch) {
  const date = new Date(epoch * 1000);
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === new Date().toDateString()) return time;
  return `${date.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short" })}, ${time}`;
}

export function memory(bytes) {
  return bytes >= 2 ** 30 ? `${Math.round(bytes / 2 ** 30)} GB` : `${Math.round(bytes / 2 ** 20)} MB`;
}

export function tasksOf(order) {
  const last = order.first + order.count - 1;
  return order.count === 1 ? `task ${order.first}` : `tasks ${order.first}–${last}`;
}

// A job that has shown pictures makes frames; of any other we only know that it has tasks.
export const unit = (job) => (job.picture > 0 ? "frame" : "task");

// The part of a job that its people count: of a job that makes frames, the step with the most of them.
export function counted(job) {
  if (unit(job) === "task" || !job.steps.length) return job;
  return job.steps.reduce((most, step) => (step.tasks > most.tasks ? step : most));
}
