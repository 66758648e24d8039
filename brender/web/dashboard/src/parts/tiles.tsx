// The clients as a map: a tile for each, with a sign and a colour for its state; of a large farm only how many are how.

import { here } from "../farm/api";
import { useClientsNow } from "../farm/clients";
import type { Tile } from "../farm/clients";
import { pending } from "../farm/expected";
import type { FarmNow } from "../farm/now";
import { number } from "../words";
import { stateOf } from "./state";

interface Kind {
  sign: string;
  words: string;
  filter: string;
}

// In the order in which they are told.
const KINDS: Record<string, Kind> = {
  busy: { sign: "▸", words: "busy", filter: "busy online enabled" },
  idle: { sign: "·", words: "idle", filter: "idle online enabled" },
  occupied: { sign: "@", words: "used by somebody", filter: "occupied online enabled" },
  asleep: { sign: "z", words: "asleep", filter: "asleep online enabled" },
  disabled: { sign: "–", words: "disabled", filter: "disabled online" },
  off: { sign: "○", words: "switched off", filter: "activity=off" },
  unwell: { sign: "!", words: "unwell", filter: "unwell online enabled" },
  offline: { sign: "✕", words: "offline", filter: "offline" },
};

const ROOMY = 80; // tiles that have room for their names

const to = (filter: string) => here(`/clients?filter=${encodeURIComponent(filter)}`);

export function Tiles({ farm }: { farm: FarmNow }) {
  const tiles = useClientsNow();
  if (!farm.clients || tiles === undefined) return null;
  const counts = tiles ? countsOf(tiles) : [["busy", farm.busy], ["unwell", farm.unwell], ["offline", farm.offline]] as const;
  return (
    <section aria-labelledby="clients-title">
      <div class="heading"><h2 id="clients-title">Clients</h2><p><a href={here("/clients")}>all {number(farm.clients)}</a></p></div>
      <ul class="tile-counts">
        {counts.filter(([, count]) => count).map(([state, count]) => (
          <li key={state}><a href={to(KINDS[state]?.filter ?? state)}><span class="tile-sign" data-state={state} data-sign={KINDS[state]?.sign} aria-hidden="true" />{number(count)} {KINDS[state]?.words ?? state}</a></li>
        ))}
      </ul>
      {tiles && <ul class={`tiles ${tiles.length > ROOMY ? "tight" : ""}`}>{tiles.map((tile) => <One key={tile.id} tile={tile} named={tiles.length <= ROOMY} />)}</ul>}
    </section>
  );
}

function countsOf(tiles: readonly Tile[]): [string, number][] {
  return Object.keys(KINDS).map((state) => [state, tiles.filter((tile) => stateOf(tile) === state).length]);
}

function One({ tile, named }: { tile: Tile; named: boolean }) {
  const state = stateOf(tile);
  const words = `${tile.name}: ${KINDS[state]?.words ?? state}${tile.used ? `, ${tile.used} of ${tile.slots} slots in use` : ""}`;
  return (
    <li aria-busy={pending(tile)}>
      <a class="tile" data-state={state} href={here(`/clients/${tile.id}`)} title={words} aria-label={words}>
        <span class="tile-sign" data-sign={KINDS[state]?.sign ?? "?"} aria-hidden="true" />{named && <span class="tile-name">{tile.name}</span>}
      </a>
    </li>
  );
}
