// What somebody is about to hand in, and what the server says of it while it is written.

import { API, change, get } from "./api";
import type { Job } from "./api";

export interface Draft {
  template: unknown; // a name, a text, or what the text says
  values: Record<string, unknown> | string; // those that were given; as text, a bundle's file
  name: string;
  settings: Record<string, unknown>;
}

export interface Parameter {
  name: string;
  type: string;
  description: string;
  required: boolean;
  default: unknown;
  value: unknown;
  saved: string | null; // what the scene itself has
  saved_counts: boolean; // while nothing is given
  allowedValues: unknown[] | null;
  minValue: number | null;
  maxValue: number | null;
  userInterface: { control?: string; label?: string; groupLabel?: string; decimals?: number; singleStepDelta?: number };
}

export interface Plan {
  name: string;
  ok: boolean;
  description: string;
  tasks: number | null;
  steps: { name: string; tasks: number | null; depends_on: string[]; frame: string; first: Record<string, string>[]; last: Record<string, string> }[];
  parameters: Parameter[];
  problems: { at: string; message: string; line: number | null; parameter: string }[];
  warnings: string[];
}

const body = ({ template, values, name, settings }: Draft) => ({ template, values, ...(name ? { name } : {}), settings });

export const plan = (draft: Draft) => change<Plan>("POST", `${API}/jobs/plan`, body(draft));

export const submit = (draft: Draft) => change<Job>("POST", `${API}/jobs`, body(draft));

export interface TemplateRow {
  name: string;
  description: string;
  source: string;
  problem: string;
}

interface Submitted {
  name: string;
  template: unknown;
  values: Record<string, unknown>;
  settings: Record<string, unknown>;
}

// Of a job that is to be handed in again: what it was, without what names other jobs or times that have been.
export async function draftOf(job: string, signal: AbortSignal): Promise<Draft> {
  const { name, template, values, settings } = await get<Submitted>(`${API}/jobs/${job}?orders=0`, { signal });
  const { priority, owner, pool } = settings;
  return { name, template, values, settings: { ...(priority == null ? {} : { priority }), ...(owner ? { owner } : {}), ...(pool ? { pool } : {}) } };
}

// What was dropped: a template, or a bundle of a template and its values, as a folder or as files.
export async function draftFrom(files: readonly File[]): Promise<Draft> {
  const named = (pattern: RegExp) => files.find((file) => pattern.test(file.name));
  const template = named(/^template\.(ya?ml|json)$/i) ?? files.find((file) => /\.(ya?ml|json)$/i.test(file.name) && !/^parameter_values\./i.test(file.name));
  if (!template) throw new Error("There is no template among these files: a .yaml or .json, or a bundle's template.yaml.");
  const values = named(/^parameter_values\.(ya?ml|json)$/i);
  return { template: await template.text(), values: values ? await values.text() : {}, name: "", settings: {} };
}
