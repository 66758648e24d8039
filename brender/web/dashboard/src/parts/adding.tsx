// A form of a few fields that makes something new, for those who may; what the server refuses stands at its field.

import { useId, useState } from "preact/hooks";
import { tell } from "../app/toasts";
import { API, change, sorryOf } from "../farm/api";
import type { Sorry } from "../farm/api";
import { reread } from "../farm/live";
import { may } from "../farm/session";

export interface Field {
  name: string;
  title: string;
  type?: "text" | "number" | "password";
  placeholder?: string;
}

export function Adding({ item, title, fields, made }: { item: string; title: string; fields: readonly Field[]; made?: (answer: unknown) => void }) {
  const [values, setValues] = useState<Record<string, string>>({});
  const [sorry, setSorry] = useState<Sorry>();
  const id = useId();
  if (!may(item, "create")) return null;
  const add = async (event: Event) => {
    event.preventDefault();
    try {
      const body = Object.fromEntries(fields.flatMap(({ name, type }) => (values[name] ? [[name, type === "number" ? Number(values[name]) : values[name]]] : [])));
      const answer = await change<unknown>("POST", `${API}/${item}s`, body);
      setValues({});
      setSorry(undefined);
      tell(`${values.name ?? "It"} is there now.`);
      reread.value += 1;
      made?.(answer);
    } catch (error) {
      setSorry(sorryOf(error));
    }
  };
  const wrong = (name: string) => (sorry?.at === name ? sorry.message : sorry?.problems.find((one) => one.at === name)?.message);
  return (
    <details class="adding">
      <summary class="btn btn-sm btn-outline-secondary">{title}</summary>
      <form onSubmit={(event) => void add(event)} class="panel">
        {fields.map(({ name, title: label, type = "text", placeholder }) => (
          <div key={name}>
            <label for={`${id}-${name}`}>{label}</label>
            <input id={`${id}-${name}`} class="form-control form-control-sm" {...({ type } as { type: "text" })} {...(placeholder ? { placeholder } : {})} value={values[name] ?? ""} aria-invalid={Boolean(wrong(name))} aria-describedby={wrong(name) ? `${id}-${name}-bad` : undefined} onInput={(event) => setValues({ ...values, [name]: event.currentTarget.value })} />
            {wrong(name) && <p id={`${id}-${name}-bad`} class="note-bad">{wrong(name)}</p>}
          </div>
        ))}
        {sorry && !fields.some(({ name }) => wrong(name)) && <p class="note-bad" role="alert">{sorry.message}</p>}
        <button type="submit" class="btn btn-sm btn-primary">{title}</button>
      </form>
    </details>
  );
}
