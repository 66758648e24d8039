#!/usr/bin/env node
// Lists, enables and disables clients of a farm from JavaScript: fetch and JSON, nothing to install.
//
//     node client.mjs list [FILTER]
//     node client.mjs enable FILTER
//     node client.mjs disable FILTER
//
// A filter is what the shell takes too: all, online, render-*, pool=gpu; docs/api.md tells more. The server is the one of
// BRENDER_SERVER, as in https://mara:PASSWORD@farm.example.org/farm, or else the one on this machine.

const USAGE = "node client.mjs list [FILTER] | enable FILTER | disable FILTER";

class Refused extends Error {}

async function ask(method, filter, body) {
  const server = (process.env.BRENDER_SERVER ?? "http://localhost:8080").replace(/\/+$/, "");
  const list = method === "GET" ? "clients.json" : "clients"; // with .json it is the whole list, not a page of it
  const address = new URL(`${server}/api/v1/${list}`);
  address.searchParams.set("filter", filter);
  const headers = { "Content-Type": "application/json" };
  if (address.username) {
    // fetch takes no login from an address
    headers.Authorization = `Basic ${btoa(`${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`)}`;
    address.username = address.password = "";
  }
  const response = await fetch(address, { method, headers, body: body && JSON.stringify(body) }).catch(() => {
    throw new Refused(`No server answers at ${address.origin}.`);
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(answer.detail ?? `The server answers ${response.status} ${response.statusText}.`);
  return answer;
}

function show(clients) {
  for (const { id, name, status, connection, activity } of clients) {
    const words = [String(id).padStart(4), ` ${name.padEnd(24)}`, status.padEnd(9), connection.padEnd(8)];
    console.log([...words, connection === "online" ? activity : ""].join(" ").trimEnd());
  }
}

async function main(verb, filter, ...more) {
  if (verb === "list" && !more.length) {
    show((await ask("GET", filter ?? "")).data);
  } else if ((verb === "enable" || verb === "disable") && filter !== undefined && !more.length) {
    const { data, matched, changed } = await ask("PATCH", filter, { status: `${verb}d` });
    show(data);
    console.log(`${matched} matched, ${changed} changed`);
  } else {
    console.error(USAGE);
    return 2;
  }
  return 0;
}

process.exitCode = await main(...process.argv.slice(2)).catch((error) => {
  if (!(error instanceof Refused)) throw error;
  console.error(error.message);
  return 1;
});
