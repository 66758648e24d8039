// Answers that are asked for before the code that shows them is there: a page's first question goes out while its scripts come in.
//
// How does this work?  Whoever knows where somebody goes calls `ahead` with the address that the page will ask for first; `ask` takes the
// answer from here, once, when exactly that is asked soon after.  What follows from an answer is asked for before anybody gets it, so
// that nobody asks a second time.  An address that nobody asks for costs one answer, and does no harm.

const KEPT = 5000; // milliseconds

const waiting = new Map<string, Promise<Response>>();

export function ahead(path: string, ask: (path: string) => Promise<Response>, next?: (answer: Response) => Promise<void>) {
  if (waiting.has(path)) return;
  const answer = ask(path).then((response) => followed(response, next));
  answer.catch(() => undefined); // whoever takes it hears of that
  waiting.set(path, answer);
  setTimeout(() => waiting.get(path) === answer && waiting.delete(path), KEPT);
}

async function followed(response: Response, next?: (answer: Response) => Promise<void>) {
  if (next && response.ok) await next(response.clone()).catch(() => undefined); // whoever reads it hears of that
  return response;
}

export function taken(path: string): Promise<Response> | undefined {
  const answer = waiting.get(path);
  waiting.delete(path);
  return answer;
}
