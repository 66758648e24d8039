// All clients: a table, and what can be done with those that are chosen.

import { useTitle } from "../app/router";
import { CLIENT_VERBS } from "../farm/acting";
import { here } from "../farm/api";
import type { Client } from "../farm/api";
import { now, second } from "../farm/clock";
import { CLIENTS } from "../farm/lists";
import { ClientState } from "../parts/state";
import { Table } from "../parts/table";
import type { Column } from "../parts/table";
import { bytes, clock, percent, plural, whole } from "../words";

const COLUMNS: readonly Column<Client>[] = [
  { name: "id", title: "Client", show: (client) => client.id, number: true, wide: true },
  { name: "name", title: "Name", show: (client) => <a href={here(`/clients/${client.id}`)}>{client.name}</a> },
  { name: "activity", title: "State", show: (client) => <ClientState client={client} />, needs: ["connection", "status", "activity"], fixed: true },
  { name: "running", title: "Runs", show: (client) => <Running client={client} />, fixed: true },
  { name: "load", title: "Load", show: (client) => (client.connection === "online" ? percent(client.load) : ""), needs: ["connection", "load"], number: true, wide: true },
  { name: "slots", title: "Slots", show: (client) => `${client.used} of ${client.slots}`, needs: ["used", "slots"], number: true, wide: true },
  { name: "memory", title: "Memory", show: (client) => bytes(client.memory), number: true, wide: true },
  { name: "pools", title: "Pools", show: (client) => client.settings.pools?.join(", "), needs: ["settings"], fixed: true, wide: true },
  { name: "since", title: "Since", show: (client) => <Since client={client} />, needs: ["connection", "since"], wide: true },
  { name: "tags", title: "Tags", show: (client) => client.settings.tags?.join(", "), needs: ["settings"], fixed: true, hidden: true },
  { name: "gpus", title: "Graphics cards", show: (client) => client.gpus.join(", "), fixed: true, hidden: true },
  { name: "blenders", title: "Blender", show: (client) => client.blenders.map((one) => one.version).join(", "), fixed: true, hidden: true },
  { name: "system", title: "System", show: (client) => client.system, hidden: true },
  { name: "revoked", title: "Revoked", show: (client) => (client.revoked ? "yes" : ""), hidden: true },
];

function Since({ client }: { client: Client }) {
  void second.value;
  return <time title={`${client.connection} since ${clock(client.since)}`}>{whole(now() - client.since)}</time>;
}

export function Running({ client }: { client: Client }) {
  const [first, ...more] = client.running;
  if (!first) return null;
  return (
    <>
      <a href={here(`/jobs/${first.job}`)}>{first.job_name || `Job ${first.job}`}</a> {first.what}
      {more.length > 0 && ` and ${plural(more.length, "more task")}`}
    </>
  );
}

export default function Clients() {
  useTitle("Clients");
  return (
    <>
      <h1>Clients</h1>
      <Table
        item="client" plural="clients" kind="client" {...CLIENTS} label="Clients" id={(client: Client) => client.id} columns={COLUMNS} to={(client) => `/clients/${client.id}`} verbs={CLIENT_VERBS}
        empty={<p>No client yet. Start one on any machine: <code>brender worker</code></p>}
      />
    </>
  );
}
