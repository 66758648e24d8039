// The interface for programs, to read and to try: everything on this page is made from openapi.json.
//
// How does this work?  Each operation is a `details` element that is filled when it is first opened (`parts/operation`).  The field at the
// top shows those with all its words in their address, name or sentence.  An address with the name of an operation behind #
// opens that one.

import { useEffect, useState } from "preact/hooks";
import { useTitle } from "../app/router";
import { API, get, here } from "../farm/api";
import { useLoaded } from "../farm/loading";
import { Operation } from "../parts/operation";
import type { Document, Told } from "../parts/operation";
import { Note, Wait } from "../parts/trouble";

const METHODS = ["get", "post", "patch", "put", "delete"];

const operationsOf = (api: Document): Told[] =>
  Object.entries(api.paths).flatMap(([path, methods]) => METHODS.flatMap((method) => (methods[method] ? [{ ...methods[method], path, method }] : [])));

export default function ForPrograms() {
  useTitle("For programs");
  const { value, sorry, again } = useLoaded((signal) => get<Document>(`${API}/openapi.json`, { signal }), []);
  return (
    <div class="api">
      <h1>For programs</h1>
      {sorry && <Note sorry={sorry} again={again} />}
      {value ? <Operations api={value} /> : !sorry && <Wait />}
    </div>
  );
}

function Operations({ api }: { api: Document }) {
  const [wanted, setWanted] = useState("");
  const [named, setNamed] = useState(decodeURIComponent(location.hash.slice(1)));
  useEffect(() => {
    const changed = () => setNamed(decodeURIComponent(location.hash.slice(1)));
    addEventListener("hashchange", changed);
    document.getElementById(named)?.scrollIntoView();
    return () => removeEventListener("hashchange", changed);
  }, [named]);
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (one: Told) => words.every((word) => `${one.method} ${one.path} ${one.operationId} ${one.summary}`.toLowerCase().includes(word));
  const all = operationsOf(api);
  const tags = api.tags.filter((tag) => all.some((one) => one.tags[0] === tag.name));
  return (
    <>
      <p class="about">{api.info.description} <a href={here(`${API}/openapi.json`)} target="_blank" rel="noopener">openapi.json</a></p>
      <p class="find"><label for="wanted">Find</label> <input id="wanted" data-filter="" class="form-control form-control-sm" type="search" placeholder="pause, /jobs, licence" autocomplete="off" onInput={(event) => setWanted(event.currentTarget.value)} /></p>
      <nav class="items" aria-label="Items">{tags.map((tag) => <a key={tag.name} href={`#of-${tag.name}`}>{tag.name}</a>)}</nav>
      {tags.map((tag) => {
        const own = all.filter((one) => one.tags[0] === tag.name);
        return (
          <section key={tag.name} aria-labelledby={`of-${tag.name}`} hidden={!own.some(fits)}>
            <h2 id={`of-${tag.name}`}>{tag.name}</h2>
            <p class="soft">{tag.description}</p>
            {own.map((one) => <Operation key={one.operationId} told={one} components={api.components} hidden={!fits(one)} named={one.operationId === named} />)}
          </section>
        );
      })}
      {!all.some(fits) && <p class="empty">Nothing is called that.</p>}
    </>
  );
}
