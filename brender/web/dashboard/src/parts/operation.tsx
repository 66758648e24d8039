// One operation of the interface: what it takes, what it gives, and a form to try it.
//
// How does this work?  The form has a field for each parameter with its example in it, and one for the body.  What would be sent stands
// below as a line for curl, and is sent only by the button; what changes something has to be confirmed by a second press.
// The answer is shown as text.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { here } from "../farm/api";

export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  description?: string;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  maxLength?: number;
  default?: unknown;
}

interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  description?: string;
  example?: unknown;
  schema: Schema;
}

interface Answered {
  $ref?: string;
  description?: string;
  content?: Record<string, { schema?: Schema; example?: unknown }>;
}

export interface Told {
  path: string;
  method: string;
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema; example?: unknown }> };
  responses: Record<string, Answered>;
}

export interface Components {
  schemas: Record<string, Schema>;
  responses: Record<string, Answered>;
}

export interface Document {
  info: { description: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Told>>;
  components: Components;
}

const LONGEST = 100_000; // characters of an answer that are shown
const FEW = 6; // values that are named one by one
const SEND = "Send";
const SURE = "This changes the farm: send it";

interface Shown {
  told: Told;
  components: Components;
  hidden: boolean;
  named: boolean;
}

export function Operation({ told, components, hidden, named }: Shown) {
  const [opened, setOpened] = useState(named);
  return (
    <details class="operation" id={told.operationId} hidden={hidden} open={named} onToggle={(event) => event.currentTarget.open && setOpened(true)}>
      <summary><b data-method={told.method}>{told.method.toUpperCase()}</b><code>{told.path}</code><span>{told.summary}</span></summary>
      {opened && (
        <div class="content">
          {(told.description ?? "").split("\n\n").filter(Boolean).map((text) => <p key={text}>{worded(text)}</p>)}
          <Trying told={told} components={components} />
          <Answers told={told} components={components} />
        </div>
      )}
    </details>
  );
}

// A text of the document: what stands between backquotes is code.
const worded = (text = ""): ComponentChildren => text.split("`").map((part, place) => (place % 2 ? <code key={place}>{part}</code> : part));

const last = (address: string) => address.split("/").at(-1) ?? "";

const resolved = (schema: Schema, components: Components): Schema => (schema.$ref ? { ...components.schemas[last(schema.$ref)], ...schema } : schema);

// The type and range of a value, in words.
function kindOf(schema: Schema, components: Components): string {
  const known = resolved(schema, components);
  if (known.enum) return known.enum.slice(0, FEW).join(" | ") + (known.enum.length > FEW ? " | …" : "");
  if (known.anyOf) return known.anyOf.map((part) => kindOf(part, components)).join(" or ");
  if (known.type === "array") return `list of ${kindOf(known.items ?? {}, components)}`;
  const kind = schema.$ref ? last(schema.$ref) : [known.type ?? "any"].flat().join(" or ");
  return [kind, ...ranges(known)].join(", ");
}

function ranges(known: Schema): string[] {
  const usual = known.default !== undefined && known.default !== "" && typeof known.default !== "object";
  return [
    known.minimum !== undefined && `at least ${known.minimum}`,
    known.exclusiveMinimum !== undefined && `more than ${known.exclusiveMinimum}`,
    known.maximum !== undefined && `at most ${known.maximum}`,
    known.maxLength !== undefined && `at most ${known.maxLength} characters`,
    usual && `else ${String(known.default)}`,
  ].filter((part) => part !== false);
}

function Fields({ schema, components }: { schema: Schema; components: Components }) {
  const rows = Object.entries(schema.properties ?? {});
  if (!rows.length) return <p class="soft">No fields.</p>;
  return (
    <table>
      <tbody>
        {rows.map(([name, of]) => (
          <tr key={name}>
            <th scope="row"><code>{name}</code></th>
            <td>{kindOf(of, components)}{schema.required?.includes(name) ? ", has to be there" : ""}</td>
            <td>{worded(of.description ?? resolved(of, components).description)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Answers({ told, components }: { told: Told; components: Components }) {
  return (
    <details class="answers">
      <summary>Answers</summary>
      <table>
        <tbody>
          {Object.entries(told.responses).map(([status, answer]) => {
            const known = answer.$ref ? (components.responses[last(answer.$ref)] ?? answer) : answer;
            return <tr key={status}><th scope="row">{status}</th><td>{worded(known.description)}</td><td>{Object.keys(known.content ?? {}).join(", ")}</td></tr>;
          })}
        </tbody>
      </table>
    </details>
  );
}

// --- trying it

interface Asked {
  method: string;
  address: string;
  headers: Record<string, string>;
  body: string | undefined;
}

function asked(told: Told, values: Record<string, string>, body: string | undefined): Asked {
  const said = (place: Parameter["in"]) => (told.parameters ?? []).filter((one) => one.in === place && values[one.name]);
  const path = said("path").reduce((before, { name }) => before.replace(`{${name}}`, encodeURIComponent(values[name] ?? "")), told.path);
  const query = new URLSearchParams(said("query").map(({ name }) => [name, values[name] ?? ""])).toString();
  const headers = Object.fromEntries(said("header").map(({ name }) => [name, values[name] ?? ""]));
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return { method: told.method.toUpperCase(), address: here(path) + (query && `?${query}`), headers, body };
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function curl({ method, address, headers, body }: Asked) {
  const words = ["curl", method === "GET" ? "" : `-X ${method}`, ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)];
  if (body) words.push(`-d ${quoted(body.replace(/\s*\n\s*/g, " "))}`);
  return [...words, quoted(location.origin + address)].filter(Boolean).join(" ");
}

const first = ({ name, in: place, required, example }: Parameter): [string, string] => [name, required || place === "query" ? String(example ?? "") : ""];

function Trying({ told, components }: { told: Told; components: Components }) {
  const media = told.requestBody?.content["application/json"];
  const [values, setValues] = useState<Record<string, string>>(Object.fromEntries((told.parameters ?? []).map(first)));
  const [body, setBody] = useState(media && JSON.stringify(media.example ?? {}, null, 2));
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState({ status: "", text: "" });
  const wanted = asked(told, values, body);
  const send = async (event: Event) => {
    event.preventDefault();
    if (media && !sure) return setSure(true);
    setSure(false);
    setBusy(true);
    setAnswer(await answered(wanted).catch((error: unknown) => ({ status: String(error), text: "" })));
    setBusy(false);
  };
  const endless = Boolean(told.responses["200"]?.content?.["text/event-stream"]);
  return (
    <form onSubmit={(event) => void send(event)} onInput={() => setSure(false)}>
      {(told.parameters ?? []).map((parameter) => (
        <label key={parameter.name} class="field">
          <span><code>{parameter.name}</code><small>{[kindOf(parameter.schema, components), parameter.in].filter(Boolean).join(", ")}</small></span>
          <input class="form-control form-control-sm" name={parameter.name} value={values[parameter.name]} required={parameter.required} autocomplete="off" spellcheck={false} onInput={(event) => setValues({ ...values, [parameter.name]: event.currentTarget.value })} />
          <small>{worded(parameter.description)}</small>
        </label>
      ))}
      {media && (
        <div class="body">
          <label><code>body</code><textarea class="form-control" rows={Math.min(16, (body ?? "").split("\n").length + 1)} spellcheck={false} value={body} onInput={(event) => setBody(event.currentTarget.value)} /></label>
          <Fields schema={resolved(media.schema, components)} components={components} />
        </div>
      )}
      <pre class="line">{curl(wanted)}</pre>
      {!endless && <button type="submit" class={`btn btn-sm ${sure ? "btn-danger" : "btn-primary"}`} disabled={busy}>{sure ? SURE : SEND}</button>}
      <p class="status" role="status">{busy ? "…" : answer.status}</p>
      {answer.text && !busy && <pre class="answer" tabIndex={0}>{answer.text}</pre>}
    </form>
  );
}

async function answered({ method, address, headers, body }: Asked): Promise<{ status: string; text: string }> {
  const begin = performance.now();
  const response = await fetch(address, { method, headers, cache: "no-store", ...(body === undefined ? {} : { body }) });
  const kind = response.headers.get("content-type") ?? "";
  const text = kind.startsWith("image/") ? "" : await response.text();
  const status = `${response.status} ${response.statusText}, ${kind || "nothing in it"}, ${Math.round(performance.now() - begin)} ms`;
  return { status, text: pretty(text, kind).slice(0, LONGEST) };
}

function pretty(text: string, kind: string) {
  return kind.includes("json") && text.length < LONGEST ? JSON.stringify(JSON.parse(text), null, 2) : text;
}
