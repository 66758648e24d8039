// A field for a job parameter, as its template wants it to be shown, with what is wrong with it below.
//
// What the scene itself has stands in an empty field, or else below it.  Where it would not count by itself, it can be taken over: what is
// used is what is shown.

import type { Parameter } from "../farm/submitting";

interface Shown {
  parameter: Parameter;
  value: unknown; // what was given
  wrong: readonly string[];
  change: (value: unknown) => void; // undefined: the default counts
}

export function ParameterField({ parameter, value, wrong, change }: Shown) {
  const { name, description, required, userInterface: how } = parameter;
  const id = `param-${name}`;
  const label = how.label ?? name;
  const about = { id, "aria-invalid": wrong.length > 0, "aria-describedby": `${id}-about` } as const;
  return (
    <div class="param" data-control={how.control}>
      <label for={id}>{label}{required && <span class="soft"> needed</span>}</label>
      <Control parameter={parameter} value={value} about={about} change={change} />
      <div id={`${id}-about`}>
        {wrong.map((text) => <p key={text} class="note-bad">{text}</p>)}
        <InScene parameter={parameter} value={value} use={(saved) => { change(saved); document.getElementById(id)?.focus(); }} />
        {description && <p class="soft">{description}</p>}
      </div>
    </div>
  );
}

function InScene({ parameter, value, use }: { parameter: Parameter; value: unknown; use: (saved: string) => void }) {
  const { name, saved, saved_counts: counts, default: usual, userInterface: how } = parameter;
  const text = written(value ?? usual);
  if (saved == null || saved === text || (!text && inField(parameter))) return null;
  return <p class="in-scene"><span>In the scene: {saved}</span>{!counts && <button type="button" class="btn btn-sm btn-outline-secondary" aria-label={`Use ${saved} for ${how.label ?? name}`} onClick={() => use(saved)}>Use</button>}</p>;
}

// What an empty field says of the scene; not what would not be used.
const inField = ({ type, allowedValues, saved, saved_counts: counts }: Parameter) => (saved != null && counts && !allowedValues && type !== "INT" && type !== "FLOAT" ? `In the scene: ${saved}` : undefined);

const written = (value: unknown) => (value == null ? "" : typeof value === "string" ? value : JSON.stringify(value));

type About = { id: string; "aria-invalid": boolean; "aria-describedby": string };

function Control({ parameter, value, about, change }: Omit<Shown, "wrong"> & { about: About }) {
  const { type, allowedValues, userInterface: how, default: usual } = parameter;
  const text = written(value ?? usual);
  const give = (said: string) => change(said === written(usual) ? undefined : said);
  if (how.control === "CHECK_BOX" && allowedValues?.length === 2) {
    const yes = allowedValues.find((each) => /^(true|yes|on|1)$/i.test(String(each))) ?? allowedValues[0];
    const no = allowedValues.find((each) => each !== yes);
    return <input {...about} type="checkbox" class="form-check-input" checked={text.toLowerCase() === String(yes).toLowerCase()} onChange={(event) => give(String(event.currentTarget.checked ? yes : no))} />;
  }
  if (allowedValues) {
    return <select {...about} class="form-select form-select-sm" value={text} onChange={(event) => give(event.currentTarget.value)}>{allowedValues.map((each) => <option key={String(each)} value={String(each)}>{String(each)}</option>)}</select>;
  }
  if (how.control === "MULTILINE_EDIT") return <textarea {...about} class="form-control form-control-sm" rows={4} placeholder={inField(parameter)} value={text} onInput={(event) => give(event.currentTarget.value)} />;
  if (type === "INT" || type === "FLOAT") {
    const step = how.singleStepDelta ?? (type === "INT" ? 1 : "any");
    const range = { ...(parameter.minValue == null ? {} : { min: parameter.minValue }), ...(parameter.maxValue == null ? {} : { max: parameter.maxValue }) };
    return <input {...about} {...range} type="number" step={step} class="form-control form-control-sm" value={text} onInput={(event) => give(event.currentTarget.value)} />;
  }
  return <input {...about} type="text" spellcheck={false} class="form-control form-control-sm" placeholder={inField(parameter)} value={text} onInput={(event) => give(event.currentTarget.value)} />;
}
