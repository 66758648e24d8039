// Hand in a job: a template, a form made from its parameters, and what it would be, before it is one.
//
// How does this work?  Whatever is written is sent to the server's own parser (`plan`) a moment later; the answer has the form itself, what
// is wrong and where, and how many tasks there would be.  A template is chosen by name, pasted, or dropped as a file or as a bundle's folder;
// of a job that was there before it comes with its values (`?job=`).

import { useEffect, useRef, useState } from "preact/hooks";
import { go, remember, said, useTitle } from "../app/router";
import { tell } from "../app/toasts";
import { API, get, sorryOf } from "../farm/api";
import type { Page, Sorry } from "../farm/api";
import { useLoaded } from "../farm/loading";
import { draftFrom, draftOf, plan, submit } from "../farm/submitting";
import type { Draft, Plan, TemplateRow } from "../farm/submitting";
import { Allowed, For } from "../parts/allowed";
import { ParameterField } from "../parts/parameter";
import { Note } from "../parts/trouble";
import { number, plural, titleOf } from "../words";

const PAUSE = 200; // milliseconds after the last key
const FIRST = "blender";

const empty = (template: unknown): Draft => ({ template, values: {}, name: "", settings: {} });

export default function Submit() {
  useTitle("Submit");
  return <Allowed item="job" verb="create" instead={<><h1>Submit a job</h1><For what="Handing in jobs" role="artist" /></>}><Handing /></Allowed>;
}

function Handing() {
  const [draft, setDraft] = useState<Draft>(empty(said.value.get("template") ?? FIRST));
  const [sorry, setSorry] = useState<Sorry>();
  const [busy, setBusy] = useState(false);
  const { found, wrong } = usePlan(draft);
  const job = said.value.get("job");
  const again = useLoaded(async (signal) => (job ? draftOf(job, signal) : undefined), [job]);
  useEffect(() => { if (again.value) setDraft(again.value); }, [again.value]);
  const drop = (files: readonly File[]) => draftFrom(files).then((dropped) => { setDraft(dropped); setSorry(undefined); }, (error: unknown) => setSorry(sorryOf(error)));
  const hand = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const made = await submit(draft);
      tell(`${titleOf(made)} is handed in: ${plural(made.tasks, "task")}.`);
      go(`/jobs/${made.id}`);
    } catch (error) {
      setSorry(sorryOf(error));
    }
    setBusy(false);
  };
  return (
    <form class="submit" onSubmit={(event) => void hand(event)} onDragOver={(event) => event.preventDefault()} onDrop={(event) => { event.preventDefault(); void filesOf(event.dataTransfer).then(drop); }}>
      <h1>{job ? `Submit job ${job} again` : "Submit a job"}</h1>
      {again.sorry && <Note sorry={again.sorry} />}
      <Source draft={draft} choose={(template) => { remember({ job: null, template: typeof template === "string" && template !== FIRST && !template.includes("\n") ? template : null }); setDraft(empty(template)); }} drop={drop} lines={found?.problems ?? []} />
      {found && <Form draft={draft} found={found} change={setDraft} />}
      <Outcome found={found} />
      {(wrong ?? sorry) && <Note sorry={(wrong ?? sorry)!} />}
      <div class="submit-foot">
        <button type="submit" class="btn btn-primary" disabled={busy || !found?.ok}>{found?.ok && found.tasks != null ? `Submit ${plural(found.tasks, "task")}` : "Submit"}</button>
        {found && !found.ok && <span class="soft" role="status">{plural(found.problems.length, "thing")} to mend first</span>}
      </div>
    </form>
  );
}

// What the server says of a draft; the newest answer that has come.
function usePlan(draft: Draft): { found: Plan | undefined; wrong: Sorry | undefined } {
  const [found, setFound] = useState<Plan>();
  const [wrong, setWrong] = useState<Sorry>();
  const turn = useRef(0);
  useEffect(() => {
    const mine = ++turn.current;
    const timer = setTimeout(() => {
      plan(draft).then(
        (answer) => { if (mine === turn.current) { setFound(answer); setWrong(undefined); } },
        (error: unknown) => { if (mine === turn.current) setWrong(sorryOf(error)); },
      );
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [draft]);
  return { found, wrong };
}

interface Choosing {
  draft: Draft;
  choose: (template: unknown) => void;
  drop: (files: readonly File[]) => Promise<void>;
  lines: Plan["problems"];
}

function Source({ draft, choose, drop, lines }: Choosing) {
  const { value, sorry } = useLoaded(async (signal) => (await get<Page<TemplateRow>>(`${API}/templates.json?limit=1000`, { signal })).data, []);
  const named = value?.find((row) => row.name === draft.template);
  const own = typeof draft.template === "string" ? draft.template : JSON.stringify(draft.template, null, 2);
  return (
    <section aria-labelledby="source-title">
      <h2 id="source-title" class="visually-hidden">Template</h2>
      {sorry && <Note sorry={sorry} />}
      <div class="source-choice">
        <label for="template">Template</label>
        <select id="template" class="form-select" value={named ? named.name : ""} onChange={(event) => choose(event.currentTarget.value || "specificationVersion: jobtemplate-2023-09\nname: \nsteps:\n")}>
          {value?.map((row) => <option key={row.name} value={row.name} disabled={Boolean(row.problem)}>{row.name}{row.problem && ` (${row.problem})`}</option>)}
          <option value="">one of your own</option>
        </select>
        <label class="btn btn-outline-secondary btn-file">Choose a file…<input type="file" class="visually-hidden" multiple accept=".yaml,.yml,.json" onChange={(event) => void drop([...(event.currentTarget.files ?? [])])} /></label>
      </div>
      <p class="soft">{named ? named.description : "Open Job Description, in YAML or JSON."} A template or a job bundle's folder can be dropped anywhere here.</p>
      {!named && <textarea class="form-control own" aria-label="Your own template" rows={14} spellcheck={false} value={own} onInput={(event) => choose(event.currentTarget.value)} />}
      {!named && lines.filter((problem) => !problem.parameter).map((problem) => <p key={problem.at + problem.message} class="note-bad">{problem.line != null && `Line ${problem.line}: `}{problem.message}</p>)}
    </section>
  );
}

const GENERAL = "Parameters";

function Form({ draft, found, change }: { draft: Draft; found: Plan; change: (draft: Draft) => void }) {
  const shown = found.parameters.filter((one) => one.userInterface.control !== "HIDDEN");
  const groups = [...new Set(shown.map((one) => one.userInterface.groupLabel ?? GENERAL))];
  const given = typeof draft.values === "string" ? Object.fromEntries(found.parameters.map((one) => [one.name, one.value])) : draft.values;
  const set = (name: string, value: unknown) => {
    const values = { ...given, [name]: value };
    if (value === undefined) delete values[name];
    change({ ...draft, values });
  };
  const setting = (name: string, value: unknown) => {
    const settings = { ...draft.settings, [name]: value };
    if (value === "" || value == null) delete settings[name];
    change({ ...draft, settings });
  };
  const wrongWith = (name: string) => found.problems.filter((one) => one.parameter === name || one.at === name).map((one) => one.message);
  return (
    <>
      {groups.map((group) => (
        <fieldset key={group} class="panel group">
          <legend>{group}</legend>
          {shown.filter((one) => (one.userInterface.groupLabel ?? GENERAL) === group).map((one) => <ParameterField key={one.name} parameter={one} value={given[one.name]} wrong={wrongWith(one.name)} change={(value) => set(one.name, value)} />)}
        </fieldset>
      ))}
      <fieldset class="panel group">
        <legend>How it runs</legend>
        {([["name", "Name of the job"], ["priority", "Priority, 0 to 100"], ["owner", "Owner"], ["pool", "Pool"]] as const).map(([name, title]) => (
          <div key={name} class="param">
            <label for={`how-${name}`}>{title}</label>
            <input
              id={`how-${name}`} class="form-control form-control-sm" placeholder={name === "name" ? (found.name.includes("{{") ? "" : found.name) : name === "priority" ? "50" : ""} value={String((name === "name" ? draft.name : draft.settings[name]) ?? "")} aria-invalid={wrongWith(name).length > 0}
              onInput={(event) => { const { value } = event.currentTarget; if (name === "name") change({ ...draft, name: value }); else setting(name, name === "priority" && /^-?\d+$/.test(value) ? Number(value) : value); }}
            />
            {wrongWith(name).map((text) => <p key={text} class="note-bad">{text}</p>)}
          </div>
        ))}
      </fieldset>
    </>
  );
}

const told = (values: Record<string, string>) => Object.entries(values).map(([name, value]) => `${name} ${value}`).join(", ");

function Outcome({ found }: { found: Plan | undefined }) {
  if (!found?.ok) return null;
  return (
    <section class="outcome" aria-labelledby="outcome-title" role="status">
      <h2 id="outcome-title">{found.tasks == null ? "This job" : `${plural(found.tasks, "task")}`}</h2>
      <ul>
        {found.steps.map((step) => (
          <li key={step.name}><strong>{step.name}</strong> {step.tasks != null && plural(step.tasks, "task")}{step.depends_on.length > 0 && `, after ${step.depends_on.join(" and ")}`} <span class="soft">{step.first.filter((one) => Object.keys(one).length).slice(0, 2).map(told).join("; ")}{(step.tasks ?? 0) > 2 && Object.keys(step.last).length > 0 && ` … ${told(step.last)}`}</span></li>
        ))}
      </ul>
      {found.warnings.map((text) => <p key={text} class="waits">Note: {text}</p>)}
      <span class="visually-hidden">{number(found.steps.length)} steps</span>
    </section>
  );
}

// The files of what was dropped, folders' included.
async function filesOf(dropped: DataTransfer | null): Promise<File[]> {
  const entries = [...(dropped?.items ?? [])].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (!entries.length) return [...(dropped?.files ?? [])];
  return (await Promise.all(entries.map(inside))).flat();
}

async function inside(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))];
  const all = await new Promise<FileSystemEntry[]>((resolve, reject) => (entry as FileSystemDirectoryEntry).createReader().readEntries(resolve, reject));
  return (await Promise.all(all.filter((one) => one.isFile).map(inside))).flat();
}
