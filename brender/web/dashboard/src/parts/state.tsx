// A state: shape, colour and word, so that it is told without colour.

const SHAPES: Record<string, string> = {
  queued: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z",
  waiting: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3l2 1.5",
  ready: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z",
  active: "M4 2.5v11l9.5-5.5z",
  paused: "M4 3h2.8v10H4zM9.2 3H12v10H9.2z",
  completed: "M2.5 8.5 6.5 12.5 13.5 4",
  failed: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  canceled: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM4.2 4.2l7.6 7.6",
};

// The sign of a state, where there is room for no more.
export const SIGNS: Record<string, string> = { waiting: "…", ready: "·", active: "▸", completed: "✓", failed: "✕", canceled: "–" };

export function Shape({ state }: { state: string }) {
  return (
    <svg class="shape" viewBox="0 0 16 16" aria-hidden="true" data-state={state}><path d={SHAPES[state] ?? SHAPES.queued!} /></svg>
  );
}

export function State({ state, word }: { state: string; word?: string }) {
  return <span class="state" data-state={state}><Shape state={state} />{word ?? state}</span>;
}

interface Standing {
  connection: string;
  status: string;
  activity: string;
}

// Of a client, by what matters first; one that the farm has switched off is not missed.
export function stateOf({ connection, status, activity }: Standing): string {
  if (connection === "offline") return activity === "off" ? "off" : "offline";
  return status === "disabled" ? "disabled" : activity;
}

export function ClientState({ client }: { client: Standing }) {
  const { connection, status, activity } = client;
  const state = stateOf(client);
  const words = state === "off" ? "switched off" : connection === "offline" ? (status === "disabled" ? "offline, disabled" : "offline") : status === "disabled" ? (activity === "busy" ? "disabled, finishes" : "disabled") : activity;
  return <span class="client-state" data-state={state}><span class="lamp" aria-hidden="true" />{words}</span>;
}
