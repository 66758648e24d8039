// What each page asks for first: asked when it is known where somebody goes, and its answer comes while the page's code does.

import { matched } from "../app/paths";
import { API, askAhead } from "./api";
import { CLIENTS, HISTORY, JOBS, firstPart } from "./lists";
import { askJobAhead } from "./steps";

type First = (ids: Record<string, string>, said: URLSearchParams) => void;

const FIRST: Record<string, First> = {
  "/jobs": (_, said) => askAhead(firstPart(JOBS, said)),
  "/jobs/{job}": ({ job }, said) => askJobAhead(Number(job), said.get("step")),
  "/history": (_, said) => askAhead(firstPart(HISTORY, said)),
  "/clients": (_, said) => askAhead(firstPart(CLIENTS, said)),
  "/clients/{client}": ({ client }) => askAhead(`${API}/clients/${Number(client)}`),
};

export function askFirst(path: string, said: URLSearchParams) {
  for (const [way, ask] of Object.entries(FIRST)) {
    const ids = matched(path, way);
    if (ids) ask(ids, said);
  }
}
