// Pools and tags (who belongs together), and limits (what the whole farm has so many of).

import { useTitle } from "../app/router";
import type { Verb } from "../farm/acting";
import { here } from "../farm/api";
import type { Limit, Pool } from "../farm/api";
import { Adding } from "../parts/adding";
import { Table } from "../parts/table";
import type { Column } from "../parts/table";
import { number, plural } from "../words";

const GROUP_COLUMNS: readonly Column<Pool>[] = [
  { name: "name", title: "Name", show: (pool) => pool.name },
  { name: "clients", title: "Clients", show: (pool) => <a href={here(`/clients?filter=${encodeURIComponent(`pools=${JSON.stringify(pool.name)}`)}`)}>{plural(pool.clients, "client")}</a>, number: true },
  { name: "online", title: "Online", show: (pool) => number(pool.online), number: true, wide: true },
  { name: "slots", title: "Slots", show: (pool) => number(pool.slots), number: true },
  { name: "used", title: "Used", show: (pool) => number(pool.used), number: true },
];

const LIMIT_COLUMNS: readonly Column<Limit>[] = [
  { name: "name", title: "Name", show: (limit) => limit.name },
  { name: "count", title: "There are", show: (limit) => number(limit.count), number: true },
  { name: "used", title: "Used", show: (limit) => number(limit.used), number: true },
  { name: "each", title: "Held by each", show: (limit) => limit.each, fixed: true, wide: true },
];

const VERBS: readonly Verb[] = [{ name: "delete", title: "Delete", done: "deleted", sure: true, method: "DELETE" }];

export default function Pools() {
  useTitle("Pools and limits");
  return (
    <>
      <h1>Pools and limits</h1>
      {(["pool", "tag"] as const).map((item) => (
        <section key={item} aria-labelledby={`${item}-title`}>
          <div class="heading"><h2 id={`${item}-title`}>{item === "pool" ? "Pools" : "Tags"}</h2><p>{item === "pool" ? "groups of clients that a job may ask for" : "words that templates ask for"}</p></div>
          <Adding item={item} title={`New ${item}`} fields={[{ name: "name", title: "Name" }, { name: "clients", title: "Clients, as a filter", placeholder: "name=render-*" }]} />
          <Table item={item} plural={`${item}s`} kind="client" prefix={`${item}-`} order="name" label={`${item}s`} id={(pool: Pool) => pool.name} columns={GROUP_COLUMNS} verbs={VERBS} empty={<p>None yet.</p>} />
        </section>
      ))}
      <section aria-labelledby="limit-title">
        <div class="heading"><h2 id="limit-title">Limits</h2><p>licences of which the whole farm has so many</p></div>
        <Adding item="limit" title="New limit" fields={[{ name: "name", title: "Name" }, { name: "count", title: "How many", type: "number" }]} />
        <Table item="limit" plural="limits" prefix="limit-" order="name" label="Limits" id={(limit: Limit) => limit.name} columns={LIMIT_COLUMNS} verbs={VERBS} empty={<p>None yet.</p>} />
      </section>
    </>
  );
}
