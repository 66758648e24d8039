// The audit: who changed what, from where, and what came of it.  Nobody can change it.
//
// How does this work?  No event tells of it, as hardly anybody may see it: it is read when somebody comes, and when they want to.

import { useTitle } from "../app/router";
import type { Entry } from "../farm/api";
import { reread } from "../farm/live";
import { Allowed, For } from "../parts/allowed";
import { About, Did, What, Who } from "../parts/changes";
import { Table } from "../parts/table";
import type { Column } from "../parts/table";
import { clock, number } from "../words";

const COLUMNS: readonly Column<Entry>[] = [
  { name: "id", title: "Entry", show: (entry) => entry.id, hidden: true, number: true },
  { name: "when", title: "Time", show: (entry) => <time dateTime={new Date(entry.when * 1000).toISOString()}>{clock(entry.when)}</time> },
  { name: "user", title: "Who", show: (entry) => <Who entry={entry} /> },
  { name: "role", title: "Role", show: (entry) => entry.role, wide: true },
  { name: "address", title: "From", show: (entry) => entry.address, wide: true },
  { name: "face", title: "By", show: (entry) => entry.face, wide: true },
  { name: "action", title: "What", show: (entry) => <What entry={entry} /> },
  { name: "item", title: "Of", show: (entry) => entry.item, hidden: true },
  { name: "things", title: "Which", show: (entry) => <About entry={entry} />, wide: true },
  { name: "count", title: "How many", show: (entry) => number(entry.count), hidden: true, number: true },
  { name: "values", title: "Said besides", show: (entry) => entry.values && <code>{entry.values}</code>, hidden: true },
  { name: "outcome", title: "Outcome", show: (entry) => <Did entry={entry} /> },
];

export default function Audit() {
  useTitle("Audit");
  return (
    <>
      <h1>Audit</h1>
      <Allowed item="audit" verb="read" instead={<For what="The audit" role="admin" />}><Entries /></Allowed>
    </>
  );
}

function Entries() {
  return (
    <>
      <p class="soft before-table">Who changed what, from where, and what came of it. <button type="button" class="link-like" onClick={() => (reread.value += 1)}>Look again</button></p>
      <Table item="audit" plural="audits" order="-when" label="Audit" id={(entry: Entry) => entry.id} columns={COLUMNS} empty={<p>Nobody has changed anything yet.</p>} />
    </>
  );
}
