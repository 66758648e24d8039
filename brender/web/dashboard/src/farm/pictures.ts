// The pictures of a job's frames: the list is read once, and then only what is new.

import { useRef, useState } from "preact/hooks";
import { API, get, here, query } from "./api";
import type { Job } from "./api";
import { useLoaded } from "./loading";

export interface Picture {
  task: string; // "Render:12"
  frame: number | null;
  version: string;
  width: number;
  height: number;
}

interface Page {
  last: number;
  more: boolean;
  rate: number | null;
  data: Picture[];
}

export interface Film {
  pictures: readonly Picture[]; // in the order of frames
  rate: number | null; // frames a second
}

const PAGE = 1000;

export const addressOf = (job: number, { task, version }: Picture) => here(`${API}/jobs/${job}/tasks/${encodeURIComponent(task)}/picture?v=${version}`);

export function useFilm(job: Job): Film {
  const known = useRef<{ last: number; by: Map<string, Picture> }>({ last: 0, by: new Map() });
  const [film, setFilm] = useState<Film>({ pictures: [], rate: null });
  useLoaded(
    async (signal) => {
      if (!job.picture) return;
      for (let more = true; more; ) {
        const page = await get<Page>(`${API}/jobs/${job.id}/pictures${query({ since: known.current.last, limit: PAGE })}`, { signal });
        for (const picture of page.data) known.current.by.set(picture.task, picture);
        known.current.last = page.last;
        more = page.more;
        setFilm({ pictures: inOrder([...known.current.by.values()]), rate: page.rate });
      }
    },
    [job.id, job.picture],
  );
  return film;
}

const placeOf = ({ frame, task }: Picture) => frame ?? Number(task.split(":").at(-1));

const inOrder = (pictures: Picture[]) => pictures.sort((one, other) => placeOf(one) - placeOf(other));
