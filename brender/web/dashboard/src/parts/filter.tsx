// The filter of a table, in the same words as in the shell: completed while somebody writes, and what is wrong with it told below.
//
// How does this work?  What could follow is the server's answer (`/api/v1/complete`), as for Tab in the shell.  Enter takes the
// filter, and so does leaving the field; the arrows and Tab choose among what is offered.

import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { API, get, query } from "../farm/api";
import type { Sorry } from "../farm/api";

const PAUSE = 80; // milliseconds between a key and the question what could follow

interface Shown {
  item: string;
  plural: string;
  value: string;
  sorry: Sorry | undefined;
  change: (text: string) => void;
}

interface Completion {
  from: number; // where what it replaces begins
  words: { text: string; meaning: string }[];
}

const NOTHING: Completion = { from: 0, words: [] };

export function Filter({ item, plural, value, sorry, change }: Shown) {
  const [text, setText] = useState(value);
  const [offered, setOffered] = useState(NOTHING);
  const [at, setAt] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef(0);
  const asked = useRef<AbortController | undefined>(undefined);
  const taken = useRef<number | null>(null); // where the cursor goes, once what was taken stands in the field
  const id = useId();
  // Both before the next key can come: it would be written in another place, or be gone.
  useLayoutEffect(() => setText(value), [value]);
  useLayoutEffect(() => {
    if (taken.current != null) field.current?.setSelectionRange(taken.current, taken.current);
    taken.current = null;
  });

  const forget = () => { clearTimeout(timer.current); asked.current?.abort(); };
  const close = () => { forget(); setOffered(NOTHING); setAt(-1); };
  const offer = (before: string) => { // what stands before the cursor
    forget();
    const { signal } = (asked.current = new AbortController());
    timer.current = setTimeout(() => {
      get<Completion>(`${API}/complete${query({ item, text: before })}`, { signal }).then(
        (found) => { setOffered(found); setAt(-1); },
        () => signal.aborted || setOffered(NOTHING),
      );
    }, PAUSE);
  };
  const take = (word: string) => {
    const end = field.current?.selectionStart ?? text.length;
    const before = text.slice(0, offered.from) + word;
    setText(before + text.slice(end));
    close();
    taken.current = before.length;
    if (!word.endsWith(" ")) offer(before);
  };
  const commit = () => { close(); if (text !== value) change(text.trim()); };
  const press = (event: KeyboardEvent) => {
    const { words } = offered;
    if (event.key === "Enter") at >= 0 && words[at] ? take(words[at].text) : commit();
    else if (event.key === "Tab" && words.length && !event.shiftKey) take(words[Math.max(at, 0)]!.text);
    else if (event.key === "ArrowDown" && words.length) setAt((at + 1) % words.length);
    else if (event.key === "ArrowUp" && words.length) setAt((at + words.length) % (words.length + 1) - 1);
    else if (event.key === "Escape" && words.length) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="filter">
      <label class="visually-hidden" for={id}>Filter {plural}</label>
      <input
        ref={field} id={id} data-filter="" type="text" class="form-control form-control-sm" placeholder={`Filter ${plural} ( / )`} value={text}
        autocomplete="off" autocapitalize="off" spellcheck={false} role="combobox" aria-autocomplete="list" aria-expanded={offered.words.length > 0}
        aria-controls={`${id}-list`} aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined} aria-invalid={Boolean(sorry)} aria-describedby={sorry ? `${id}-bad` : undefined}
        onInput={({ currentTarget: { value: written, selectionStart } }) => { setText(written); offer(written.slice(0, selectionStart ?? written.length)); }} onKeyDown={press} onBlur={commit}
      />
      {text && <button type="button" class="clear" aria-label="Clear the filter" onClick={() => { setText(""); close(); change(""); }}>×</button>}
      <ul id={`${id}-list`} role="listbox" aria-label="What could follow" class="offered" hidden={!offered.words.length}>
        {offered.words.map(({ text: word, meaning }, place) => (
          <li key={word} id={`${id}-${place}`} role="option" aria-selected={place === at} onMouseDown={(event) => { event.preventDefault(); take(word); }}>{word}{meaning && <span class="soft"> {meaning}</span>}</li>
        ))}
      </ul>
      {sorry && <p id={`${id}-bad`} class="note-bad" role="alert">{sorry.message}</p>}
    </div>
  );
}
