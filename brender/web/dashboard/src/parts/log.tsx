// A log as it is written: it follows the end until somebody scrolls up, is searched, and leads to its first error.
//
// How does this work?  Only the lines that are seen are in the document; the place is as high as all of them would be, up to `HIGHEST`,
// from where on it is scrolled in proportion.  What is new is asked for from the last byte on, while the order runs and
// somebody looks.

import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { useKeys } from "../app/keys";
import { here, sorryOf } from "../farm/api";
import type { Sorry } from "../farm/api";
import { bytes, number, plural } from "../words";
import { LogLine } from "./ansi";
import { LogText } from "./logtext";
import { Note } from "./trouble";

const LINE = 20; // pixels
const HIGHEST = 8_000_000; // pixels of a place that scrolls
const AGAIN = 1000; // milliseconds
const NEAR = 2 * LINE; // of the end: it is followed

export interface Read {
  bytes: Uint8Array;
  end: number; // where the next part begins
  more: boolean; // there is more already
}

interface Shown {
  name: string; // changes when it is another log
  read: (from: number, signal: AbortSignal) => Promise<Read>;
  runs: boolean; // it may grow
  whole: string; // the address of all of it
}

export function Log({ name, read, runs, whole: address }: Shown) {
  const place = useRef<HTMLDivElement>(null);
  const text = useRef(new LogText());
  const reached = useRef(0); // in the log, up to which it was read
  const follows = useRef(true);
  const whole = useRef(false); // it was read to its end
  const opens = useRef(false); // it is to be shown from its first error on
  const newest = useRef({ read, runs });
  newest.current = { read, runs };
  const [, paint] = useReducer((count: number) => count + 1, 0);
  const [sorry, setSorry] = useState<Sorry>();
  const [wanted, setWanted] = useState("");
  const [found, setFound] = useState<readonly number[]>([]);
  const [at, setAt] = useState(-1);

  useEffect(() => {
    const ended = new AbortController();
    text.current = new LogText();
    reached.current = 0;
    follows.current = true;
    whole.current = false;
    setSorry(undefined);
    paint(0);
    const go = async () => {
      while (!ended.signal.aborted) {
        const more = document.hidden ? false : await once(ended.signal);
        if (!more && !whole.current) {
          whole.current = true;
          opens.current = !newest.current.runs;
          paint(0);
        }
        if (!more && !newest.current.runs) return;
        if (!more) await new Promise((resume) => setTimeout(resume, AGAIN));
      }
    };
    const once = async (signal: AbortSignal) => {
      try {
        const got = await newest.current.read(reached.current, signal);
        text.current.add(got.bytes);
        reached.current = got.end;
        setSorry(undefined);
        paint(0);
        return got.more;
      } catch (error) {
        if (!signal.aborted) setSorry(sorryOf(error));
        return false;
      }
    };
    void go();
    return () => ended.abort();
  }, [name, runs]);

  useEffect(() => {
    setFound([]);
    setAt(-1);
    if (!wanted) return;
    let ended = false;
    const look = async () => {
      for await (const lines of text.current.find(wanted)) {
        if (ended) return;
        setFound((before) => [...before, ...lines]);
      }
    };
    void look();
    return () => void (ended = true);
  }, [wanted, name]);

  const lines = text.current.lines;
  const height = Math.min(HIGHEST, lines * LINE);
  const box = place.current;
  const seen = Math.ceil((box?.clientHeight ?? 400) / LINE) + 1;
  const room = Math.max(1, height - (box?.clientHeight ?? 0));
  const share = (box?.scrollTop ?? 0) / room;
  const first = Math.max(0, height < HIGHEST ? Math.floor((box?.scrollTop ?? 0) / LINE) : Math.floor(share * (lines - seen + 1)));
  const top = height < HIGHEST ? first * LINE : (box?.scrollTop ?? 0);

  const to = (line: number) => {
    follows.current = false;
    if (!box) return;
    box.scrollTop = height < HIGHEST ? Math.max(0, line * LINE - 3 * LINE) : (line / Math.max(1, lines - seen + 1)) * room;
    paint(0);
  };
  const step = (by: number) => {
    if (!found.length) return;
    const next = (at + by + found.length) % found.length;
    setAt(next);
    to(found[next]!);
  };
  useEffect(() => {
    const error = opens.current ? text.current.firstError : null;
    opens.current = false;
    if (error != null) to(error);
    else if (follows.current && box) box.scrollTop = box.scrollHeight;
  });
  useKeys([
    { keys: "n", does: "Next line that was found in the log", run: () => step(1) },
    { keys: "N", does: "Line before that was found in the log", run: () => step(-1) },
    { keys: "e", does: "First error in the log", run: () => text.current.firstError != null && to(text.current.firstError) },
    { keys: "f", does: "Follow the end of the log", run: () => { follows.current = true; paint(0); } },
  ]);
  const error = text.current.firstError;
  return (
    <div class="log-part">
      <div class="tools">
        <input type="search" class="form-control form-control-sm log-search" placeholder="Search the log" aria-label="Search the log" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} onKeyDown={(event) => event.key === "Enter" && (event.preventDefault(), step(event.shiftKey ? -1 : 1))} />
        {wanted && <span class="matches" role="status">{found.length ? `${at >= 0 ? `${number(at + 1)} of ` : ""}${plural(found.length, "line")}` : "not found"}</span>}
        {error != null && <button type="button" class="btn btn-sm btn-outline-secondary" onClick={() => to(error)}>First error, line {number(error + 1)}</button>}
        <span class="matches">{whole.current || lines ? `${plural(lines, "line")} · ${bytes(text.current.size)}` : "Loading…"}</span>
        <label class="matches"><input type="checkbox" checked={follows.current} onChange={(event) => { follows.current = event.currentTarget.checked; paint(0); }} /> follow</label>
        <a href={here(address)} target="_blank" rel="noopener">as text</a>
      </div>
      {sorry && <Note sorry={sorry} />}
      <div
        ref={place} class="log" tabIndex={0} role="log" aria-label="Log" aria-live="off"
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          follows.current = scrollHeight - scrollTop - clientHeight < NEAR;
          paint(0);
        }}
      >
        <div style={{ height: `${height}px` }}>
          <div class="log-lines" style={{ transform: `translateY(${top}px)` }}>
            {Array.from({ length: Math.max(0, Math.min(seen, lines - first)) }, (_, place) => {
              const line = first + place;
              const { text: words, more } = text.current.shown(line);
              return (
                <div key={line} class="log-line" data-at={found[at] === line || undefined} data-error={error === line || undefined}>
                  <span class="log-number" aria-hidden="true">{line + 1}</span><LogLine text={words} wanted={wanted} />{more > 0 && <span class="soft"> … {bytes(more)} more</span>}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      {whole.current && !lines && !sorry && <p class="empty">Nothing has been written yet.</p>}
    </div>
  );
}
