// The farm's interface for programs, as the pages use it: whatever they do, a curl can do.
//
// How does this work?  `get` reads and `change` changes; both throw `Sorry`, which has the server's own sentence.  Types come from the
// OpenAPI document (`api.d.ts`, made by `make lint`).  The scripts lie one folder below the farm's first page, under whatever
// prefix a web server in front shows it: `here` makes an address of the farm one of this site.

import type { components } from "../api";
import { ahead, taken } from "./ahead";

type Schemas = components["schemas"];

export type Job = Schemas["JobView"];
export type Step = Schemas["StepView"];
export type StepDetails = Schemas["StepDetails"];
export type Failure = Schemas["FailureView"];
export type Excerpt = Schemas["Excerpt"];
export type Task = Schemas["TaskView"];
export type Order = Schemas["OrderView"];
export type Client = Schemas["ClientView"];
export type Load = Schemas["LoadView"];
export type Turn = Schemas["TurnView"];
export type Pool = Schemas["PoolView"];
export type Limit = Schemas["LimitView"];
export type Setting = Schemas["SettingView"];
export type View = Schemas["SavedView"];
export type Entry = Schemas["Entry"];
export type Problem = Schemas["Problem"];

// What most pages show of a job, and are told of it.
export const JOB_FIELDS = [
  "id", "name", "owner", "state", "tasks", "completed", "failed", "active", "submitted", "started", "ended", "seconds_left", "seconds_a_task", "reason", "waits",
  "steps", "picture",
] as const;

export type JobNow = Pick<Job, (typeof JOB_FIELDS)[number]>;

export interface Page<T> {
  data: T[];
  matched: number;
  next: string | null;
}

export interface Changed<T> {
  matched: number;
  changed: number;
  data: T[];
}

export const ROOT = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

export const API = "/api/v1";

export const here = (path: string) => ROOT + path;

const NOT_THE_FARM = "What answers here is not the farm; is there a proxy or a page to sign in between?";
const NO_ANSWER = "The server does not answer; is it running, and is the network there?";

// Why something could not be: a sentence for people, and what a program may want to know.
export class Sorry extends Error {
  constructor(
    message: string,
    readonly status = 0,
    readonly code = "",
    readonly at = "",
    readonly problems: readonly { at: string; message: string }[] = [],
  ) {
    super(message);
  }
}

export const sorryOf = (error: unknown) => (error instanceof Sorry ? error : new Sorry(error instanceof Error ? error.message : String(error)));

// Told of the headers and the status of each answer.
export const listeners = new Set<(headers: Headers, status: number) => void>();

const fetched = (path: string, options: RequestInit = {}) => fetch(here(path), { cache: "no-cache", ...options });

// Asked now, for whoever asks it soon; `next` may ask for what follows from the answer.
export const askAhead = (path: string, next?: (answer: Response) => Promise<void>) => ahead(path, fetched, next);

export async function ask(path: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await ((!options.method && taken(path)) || fetched(path, options));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Sorry(NO_ANSWER);
  }
  listeners.forEach((listener) => listener(response.headers, response.status));
  if (response.ok) return response;
  const told = (await response.json().catch(() => null)) as Partial<Problem> | null;
  throw new Sorry(
    told?.detail ?? `The server answered ${response.status}.`,
    response.status,
    told?.code ?? "",
    told?.at ?? "",
    told?.problems ?? [],
  );
}

export async function get<T>(path: string, options: RequestInit = {}): Promise<T> {
  return read<T>(await ask(path, options));
}

// A proxy or a network's own page may stand between us and the farm, and answer in its place.
export async function read<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Sorry(NOT_THE_FARM, response.status);
    throw error instanceof TypeError ? new Sorry(NO_ANSWER) : error;
  }
}

export async function change<T>(method: "POST" | "PATCH" | "DELETE", path: string, body: unknown = {}, options: RequestInit = {}): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  const response = await ask(path, { ...options, method, headers, ...(method === "DELETE" ? {} : { body: JSON.stringify(body) }) });
  return response.status === 204 ? (undefined as T) : read<T>(response);
}

// A query of what is there: nothing is said of what is empty.
export function query(said: Record<string, string | number | boolean | null | undefined>): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(said)) if (value != null && value !== "" && value !== false) words.set(name, String(value));
  const text = words.toString();
  return text ? `?${text}` : "";
}
