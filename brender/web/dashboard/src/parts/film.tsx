// The frames of a job so far: the newest one large, all of them as a strip, played at their rate; and the video when it is done.
//
// How does this work?  Until somebody takes hold of it, the newest frame is shown.  While it plays, the frames ahead are fetched and
// decoded before their turn; one that is not there in time is waited for, so that none is left out.  Of very many frames the strip
// shows those around the one that is seen.

import { useEffect, useRef, useState } from "preact/hooks";
import { useKeys } from "../app/keys";
import { API, ask, here } from "../farm/api";
import type { Job } from "../farm/api";
import { useLoaded } from "../farm/loading";
import { addressOf, useFilm } from "../farm/pictures";
import type { Picture } from "../farm/pictures";
import { number, plural } from "../words";
import { FINISHED } from "./progress";

const USUAL = 24; // frames a second, where nobody knows
const AHEAD = 12; // frames that are fetched before their turn
const STRIP = 61; // frames that the strip shows

const nameOf = (picture: Picture) => (picture.frame == null ? picture.task : `frame ${picture.frame}`);

export function Film({ job }: { job: Job }) {
  const { pictures, rate } = useFilm(job);
  const [at, setAt] = useState<number | null>(null); // null: the newest
  const [plays, setPlays] = useState(false);
  const newest = pictures.findIndex(({ task }) => task === `${job.picture_step}:${job.picture_task}`);
  const place = Math.min(at ?? (newest < 0 ? pictures.length - 1 : newest), pictures.length - 1);
  const picture = pictures[place];
  const step = (by: number) => { setPlays(false); setAt((place + by + pictures.length) % pictures.length); };
  const toggle = () => { if (!plays && place === pictures.length - 1) setAt(0); else if (at == null) setAt(place); setPlays(!plays); };
  useKeys([
    { keys: " ", does: "Play the frames, or pause", run: toggle },
    { keys: ",", does: "Frame before", run: () => step(-1) },
    { keys: ".", does: "Next frame", run: () => step(1) },
  ]);
  usePlaying({ job: job.id, pictures, rate: rate ?? USUAL, place, plays, show: setAt });
  if (!picture) return null;
  return (
    <section class="film" aria-label="Frames">
      <Screen job={job.id} picture={picture} />
      <div class="film-tools">
        <button type="button" class="film-button" aria-pressed={plays} onClick={toggle}>{plays ? "Pause" : "Play"}</button>
        <button type="button" class="film-button" aria-label="Frame before" onClick={() => step(-1)}>‹</button>
        <button type="button" class="film-button" aria-label="Next frame" onClick={() => step(1)}>›</button>
        <input type="range" class="film-range" min={0} max={pictures.length - 1} value={place} aria-label="Frame" aria-valuetext={nameOf(picture)} onInput={(event) => { setPlays(false); setAt(Number(event.currentTarget.value)); }} />
        <span class="film-words">{nameOf(picture)} · {number(place + 1)} of {plural(pictures.length, "frame")} · {rate ? `${rate} a second` : `${USUAL} a second (not known)`}</span>
        {at != null && !FINISHED.has(job.state) && <button type="button" class="film-button" onClick={() => { setPlays(false); setAt(null); }}>Newest</button>}
      </div>
      <Strip job={job.id} pictures={pictures} place={place} show={(next) => { setPlays(false); setAt(next); }} />
      {job.state === "completed" && <Video job={job.id} />}
    </section>
  );
}

// A picture is decoded before it is shown, so that nothing flickers.
function Screen({ job, picture }: { job: number; picture: Picture }) {
  const [shown, setShown] = useState<{ source: string; name: string } | null>(null);
  const [broken, setBroken] = useState(false);
  const source = addressOf(job, picture);
  useEffect(() => {
    let ended = false;
    const image = new Image();
    image.src = source;
    image.decode().then(
      () => { if (!ended) { setShown({ source, name: nameOf(picture) }); setBroken(false); } },
      () => { if (!ended) setBroken(true); },
    );
    return () => void (ended = true);
  }, [source]);
  return (
    <div class="film-screen" style={{ aspectRatio: picture.width && picture.height ? `${picture.width} / ${picture.height}` : "16 / 9" }}>
      {broken ? <p>The picture of {nameOf(picture)} cannot be shown.</p> : shown && <img src={shown.source} alt={`Frame: ${shown.name}`} />}
    </div>
  );
}

function Strip({ job, pictures, place, show }: { job: number; pictures: readonly Picture[]; place: number; show: (place: number) => void }) {
  const list = useRef<HTMLOListElement>(null);
  const first = Math.max(0, Math.min(place - Math.floor(STRIP / 2), pictures.length - STRIP));
  useEffect(() => {
    const here = list.current?.querySelector<HTMLElement>("[aria-current]");
    if (here && list.current) list.current.scrollLeft = here.offsetLeft - list.current.clientWidth / 2 + here.clientWidth / 2;
  }, [place]);
  return (
    <ol ref={list} class="film-strip">
      {pictures.slice(first, first + STRIP).map((picture, index) => (
        <li key={picture.task} aria-current={first + index === place || undefined}>
          <button type="button" tabIndex={first + index === place ? 0 : -1} onClick={() => show(first + index)}><img loading="lazy" width={picture.width || undefined} height={picture.height || undefined} src={addressOf(job, picture)} alt={nameOf(picture)} /></button>
        </li>
      ))}
    </ol>
  );
}

interface Playing {
  job: number;
  pictures: readonly Picture[];
  rate: number;
  place: number;
  plays: boolean;
  show: (place: number) => void;
}

function usePlaying({ job, pictures, rate, place, plays, show }: Playing) {
  const decoded = useRef(new Map<string, Promise<unknown>>());
  useEffect(() => {
    if (!plays || pictures.length < 2) return;
    let ended = false;
    const ready = (index: number) => {
      const picture = pictures[index % pictures.length];
      if (!picture) return Promise.resolve();
      const source = addressOf(job, picture);
      const found = decoded.current.get(source) ?? decode(source);
      decoded.current.set(source, found);
      return found;
    };
    for (let ahead = 1; ahead <= AHEAD; ahead++) void ready(place + ahead);
    const turn = new Promise((resume) => setTimeout(resume, 1000 / rate));
    void Promise.all([turn, ready(place + 1)]).then(() => ended || show((place + 1) % pictures.length));
    return () => void (ended = true);
  }, [plays, place, pictures.length, rate]);
}

function decode(source: string) {
  const image = new Image();
  image.src = source;
  return image.decode().catch(() => undefined); // one that cannot be shown is passed over
}

function Video({ job }: { job: number }) {
  const address = `${API}/jobs/${job}/video`;
  const [open, setOpen] = useState(false);
  const { value, sorry } = useLoaded(async (signal) => open && (await ask(address, { method: "HEAD", signal })).ok, [job, open]);
  return (
    <details class="film-video" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The video</summary>
      {sorry && <p>{sorry.status === 404 ? "There is no video that this server can read: its step has not run, or it lies on a worker's own disk." : sorry.message}</p>}
      {value && <video controls preload="metadata" src={here(address)} />}
    </details>
  );
}
