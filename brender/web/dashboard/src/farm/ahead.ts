// Answers that are asked for before the code that shows them is there: a page's first question goes out while its scripts come in.
//
// How does this work?  Whoever knows where somebody goes calls `ahead` with the address that the page will ask for first; `ask` takes the
// answer from here, once, when exactly that is asked soon after.  An address that nobody asks for costs one answer, and does no harm.

const KEPT = 5000; // milliseconds

const waiting = new Map<string, Promise<Response>>();

export function ahead(path: string, fetched: (path: string) => Promise<Response>) {
  const answer = fetched(path);
  answer.catch(() => undefined); // whoever takes it hears of that
  waiting.set(path, answer);
  setTimeout(() => waiting.get(path) === answer && waiting.delete(path), KEPT);
}

export function taken(path: string): Promise<Response> | undefined {
  const answer = waiting.get(path);
  waiting.delete(path);
  return answer;
}
