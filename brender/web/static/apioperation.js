// One operation of the interface: what it takes, what it gives, and a form to try it.
//
// How does this work?  The form has a field for each parameter with its example in it, and one for the body.  What
// would be sent stands below as a line for curl, and is sent only by the button; what changes something has to be
// confirmed by a second press.  The answer is shown as text.

import { h, say, show } from "./dom.js";
import { here } from "./live.js";

const LONGEST = 100_000; // characters of an answer that are shown
const FEW = 6; // values that are named one by one
const SEND = "Send";
const SURE = "This changes the farm: send it";

export function operation(each, components) {
  const head = h("summary", {}, h("b", { data: { method: each.method } }, each.method.toUpperCase()), h("code", {}, each.path), h("span", {}, each.summary));
  const element = h("details", { class: "operation", id: each.operationId }, head);
  const fill = () => element.append(content(each, components));
  element.addEventListener("toggle", fill, { once: true });
  return element;
}

function content(each, components) {
  const fields = each.parameters.map((parameter) => field(parameter, components));
  const media = each.requestBody?.content["application/json"];
  const body = media && bodyField(media, components);
  return h("div", { class: "content" },
    ...(each.description ?? "").split("\n\n").filter(Boolean).map((text) => h("p", {}, ...worded(text))),
    form(each, fields, body),
    answers(each, components));
}

// A text of the document: what stands between backquotes is code.
function worded(text = "") {
  return text.split("`").map((part, place) => (place % 2 ? h("code", {}, part) : part));
}

// --- what it takes

function field(parameter, components) {
  const schema = parameter.schema;
  const wanted = parameter.required || parameter.in === "query" ? parameter.example ?? "" : "";
  const input = h("input", { name: parameter.name, value: String(wanted), required: parameter.required, autocomplete: "off", spellcheck: "false" });
  const kind = h("small", {}, [told(schema, components), parameter.in].filter(Boolean).join(", "));
  const element = h("label", { class: "field" }, h("span", {}, h("code", {}, parameter.name), kind), input, h("small", {}, ...worded(parameter.description)));
  return { element, input, name: parameter.name, place: parameter.in };
}

function bodyField(media, components) {
  const text = JSON.stringify(media.example ?? {}, null, 2);
  const input = h("textarea", { rows: Math.min(16, text.split("\n").length + 1), spellcheck: "false" }, text);
  const element = h("div", { class: "body" }, h("label", {}, h("code", {}, "body"), input), table(resolved(media.schema, components), components));
  return { element, input };
}

// The fields of an object, with their types and meanings.
function table(schema, components) {
  const rows = Object.entries(schema.properties ?? {}).map(([name, of]) => {
    const known = resolved(of, components);
    const needed = schema.required?.includes(name) ? ", has to be there" : "";
    return h("tr", {}, h("th", { scope: "row" }, h("code", {}, name)), h("td", {}, told(of, components) + needed), h("td", {}, ...worded(of.description ?? known.description)));
  });
  return rows.length ? h("table", {}, h("tbody", {}, ...rows)) : h("p", { class: "note" }, "No fields.");
}

function resolved(schema, components) {
  return schema.$ref ? { ...components.schemas[schema.$ref.split("/").pop()], ...schema } : schema;
}

// The type and range of a value, in words.
function told(schema, components) {
  const known = resolved(schema, components);
  if (known.enum) return known.enum.slice(0, FEW).join(" | ") + (known.enum.length > FEW ? " | …" : "");
  if (known.anyOf) return known.anyOf.map((part) => told(part, components)).join(" or ");
  if (known.type === "array") return `list of ${told(known.items, components)}`;
  const range = [
    known.minimum !== undefined && `at least ${known.minimum}`,
    known.exclusiveMinimum !== undefined && `more than ${known.exclusiveMinimum}`,
    known.maximum !== undefined && `at most ${known.maximum}`,
    known.maxLength !== undefined && `at most ${known.maxLength} characters`,
    known.default !== undefined && known.default !== "" && typeof known.default !== "object" && `else ${known.default}`,
  ];
  const kind = schema.$ref ? schema.$ref.split("/").pop() : [known.type ?? "any"].flat().join(" or ");
  return [kind, ...range.filter(Boolean)].join(", ");
}

// --- what it gives

function answers(each, components) {
  const rows = Object.entries(each.responses).map(([status, answer]) => {
    const known = answer.$ref ? components.responses[answer.$ref.split("/").pop()] : answer;
    return h("tr", {}, h("th", { scope: "row" }, status), h("td", {}, ...worded(known.description)), h("td", {}, Object.keys(known.content ?? {}).join(", ")));
  });
  return h("details", { class: "answers" }, h("summary", {}, "Answers"), h("table", {}, h("tbody", {}, ...rows)));
}

// --- trying it

function request(each, fields, body) {
  const said = (place) => fields.filter((one) => one.place === place && one.input.value);
  let path = each.path;
  for (const one of fields) {
    if (one.place === "path") path = path.replace(`{${one.name}}`, encodeURIComponent(one.input.value));
  }
  const query = new URLSearchParams(said("query").map((one) => [one.name, one.input.value])).toString();
  const headers = Object.fromEntries(said("header").map((one) => [one.name, one.input.value]));
  if (body) headers["Content-Type"] = "application/json";
  return { method: each.method.toUpperCase(), address: here(path) + (query && `?${query}`), headers, body: body?.input.value };
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl({ method, address, headers, body }) {
  const words = ["curl", method === "GET" ? "" : `-X ${method}`];
  for (const [name, value] of Object.entries(headers)) words.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body) words.push(`-d ${quoted(body.replace(/\s*\n\s*/g, " "))}`);
  return [...words, quoted(location.origin + address)].filter(Boolean).join(" ");
}

function form(each, fields, body) {
  const button = h("button", { type: "submit" }, SEND);
  const line = h("pre", { class: "line" });
  const status = h("p", { class: "status", role: "status" });
  const answer = h("pre", { class: "answer", tabindex: "0", hidden: true });
  const update = () => {
    say(line, curl(request(each, fields, body)));
    say(button, SEND);
  };
  const send = async (event) => {
    event.preventDefault();
    if (body && button.textContent === SEND) return say(button, SURE);
    say(button, SEND);
    button.disabled = true;
    await tell(request(each, fields, body), status, answer).catch((error) => say(status, error.message));
    button.disabled = false;
  };
  const on = { submit: send, input: update };
  const element = h("form", { on }, ...fields.map((one) => one.element), body?.element, line, button, status, answer);
  if (each.responses["200"]?.content?.["text/event-stream"]) show(button, false); // it would never end
  update();
  return element;
}

async function tell({ method, address, headers, body }, status, answer) {
  say(status, "…");
  const begin = performance.now();
  const response = await fetch(address, { method, headers, body, cache: "no-store" });
  const kind = response.headers.get("content-type") ?? "";
  const text = kind.startsWith("image/") ? "" : await response.text();
  say(status, `${response.status} ${response.statusText}, ${kind || "nothing in it"}, ${Math.round(performance.now() - begin)} ms`);
  say(answer, pretty(text, kind).slice(0, LONGEST));
  show(answer, text !== "");
}

function pretty(text, kind) {
  return /json/.test(kind) && text.length < LONGEST ? JSON.stringify(JSON.parse(text), null, 2) : text;
}
