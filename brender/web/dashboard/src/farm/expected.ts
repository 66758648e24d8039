// What is expected of a change that was asked for, laid over what the farm has said.
//
// How does this work?  Whoever asks for a change says with `expect` which things it changes, and what each will be then.  What was read of
// the farm, and what its events bring, stays as the farm said it; whatever shows a thing looks at it through `asExpected`.  So nothing has
// to be put back: where the farm refuses, what was expected of it goes, and the thing is as the farm has it by now.  Where the farm agrees,
// it stays until an event shows the thing, or for `SETTLED`, as answers and events come on two ways.  What a change will do is asked of
// each thing as it is: of a job that has ended meanwhile a pause expects nothing.

import { signal } from "@preact/signals";
import { overhearing } from "./live";

const SETTLED = 2000; // milliseconds after an answer in which its event comes, if there is one

export type Id = number | string;

// What will be different of the thing, if anything.
export type Expects = (thing: never) => object | undefined;

interface Expected {
  item: string;
  ids: ReadonlySet<Id>;
  expects: Expects | undefined;
  pending: boolean; // the farm has not answered
}

export interface Expectation {
  agreed: (refused: ReadonlySet<Id>) => void; // to all but these
  over: () => void;
}

export const expected = signal<ReadonlyMap<number, Expected>>(new Map()); // by the order in which it was asked for

let last = 0;

export function expect(item: string, ids: Iterable<Id>, expects: Expects | undefined): Expectation {
  const mine = ++last;
  const over = () => put(mine, undefined);
  put(mine, { item, ids: new Set(ids), expects, pending: true });
  return {
    agreed: (refused) => {
      const asked = expected.value.get(mine);
      put(mine, asked?.expects && { ...less(asked, refused), pending: false });
      setTimeout(over, SETTLED);
    },
    over,
  };
}

function put(which: number, one: Expected | undefined) {
  if (!one?.ids.size && !expected.value.has(which)) return;
  const next = new Map(expected.value);
  if (one?.ids.size) next.set(which, one);
  else next.delete(which);
  expected.value = next;
}

const less = (one: Expected, gone: ReadonlySet<unknown>): Expected => ({ ...one, ids: new Set([...one.ids].filter((id) => !gone.has(id))) });

overhearing.add((kind, data) => {
  const agreed = [...expected.value].filter(([, one]) => one.item === kind && !one.pending);
  if (!agreed.length) return;
  const shown = new Set((data as { id: Id }[]).map(({ id }) => id));
  for (const [which, one] of agreed) put(which, less(one, shown));
});

// --- looked at

interface Look {
  of: typeof expected.value;
  seen: object;
}

const looks = new WeakMap<object, Look>();
const waiting = new WeakSet<object>();

export const idOf = (thing: object): Id => ("id" in thing ? (thing.id as Id) : (thing as { name: string }).name);

// The thing as it will be; itself where nothing is expected of it.
export function asExpected<T extends object>(item: string, thing: T): T {
  const of = expected.value;
  const known = looks.get(thing);
  if (known?.of === of) return known.seen as T;
  const mine = [...of.values()].filter((one) => one.item === item && one.ids.has(idOf(thing)));
  if (!mine.length) return thing;
  const seen = mine.reduce<T>((before, { expects }) => ({ ...before, ...expects?.(before as never) }), thing);
  if (mine.some(({ pending }) => pending)) waiting.add(seen);
  looks.set(thing, { of, seen });
  return seen;
}

// Whether the farm has yet to answer what was asked of it: what `aria-busy` says.
export const pending = (seen: object): true | undefined => waiting.has(seen) || undefined;
