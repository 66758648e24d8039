// What the farm goes by: each setting with what it means, as it is now, and back to what brender.toml says.

import { useState } from "preact/hooks";
import { useTitle } from "../app/router";
import { sorry as tellSorry, tell } from "../app/toasts";
import { API, change, get, here, sorryOf } from "../farm/api";
import type { Page, Setting, Sorry } from "../farm/api";
import { useHeard, useLoaded } from "../farm/loading";
import { may } from "../farm/session";
import { Allowed, For } from "../parts/allowed";
import { Note, Wait } from "../parts/trouble";
import { clock } from "../words";

export default function Settings() {
  useTitle("Settings");
  const { value, sorry, again } = useLoaded((signal) => get<Page<Setting>>(`${API}/settings.json?limit=1000`, { signal }), []);
  useHeard("setting", again);
  return (
    <>
      <h1>Settings</h1>
      <p class="soft">What is set here holds at once and until it is taken back; everything else is in brender.toml on the server.<Allowed item="audit" verb="read"> Who changed what stands in the <a href={here("/audit")}>audit</a>.</Allowed></p>
      {!may("setting", "update") && <For what="Changing settings" role="admin" />}
      {sorry && <Note sorry={sorry} again={again} />}
      {value ? <ul class="settings">{value.data.map((setting) => <One key={`${setting.name} ${JSON.stringify(setting.value)}`} setting={setting} again={again} />)}</ul> : !sorry && <Wait />}
    </>
  );
}

// "seconds that an open scene may keep others waiting"
const meaningOf = ({ meaning, unit }: Setting) => (unit && meaning.startsWith("that ") ? `${unit} ${meaning}` : unit ? `${meaning}, in ${unit}` : meaning);

const written = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

// What somebody wrote, as the setting's own kind of value.
function read(text: string, like: unknown): unknown {
  if (typeof like === "string") return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // the server says what it should be
  }
}

function One({ setting, again }: { setting: Setting; again: () => void }) {
  const [text, setText] = useState(written(setting.value));
  const [sorry, setSorry] = useState<Sorry>();
  const id = `setting-${setting.name}`;
  const address = `${API}/settings/${encodeURIComponent(setting.name)}`;
  const set = async (value: unknown) => {
    try {
      await change("PATCH", address, { value });
      setSorry(undefined);
      tell(`${setting.name} is now ${written(value)}.`, () => void set(setting.value));
      again();
    } catch (error) {
      setSorry(sorryOf(error));
    }
  };
  const back = () => change("DELETE", address).then(() => { tell(`${setting.name} is as brender.toml has it.`); again(); }, tellSorry);
  const changed = text !== written(setting.value);
  const yesOrNo = typeof setting.value === "boolean";
  return (
    <li class="setting">
      <Allowed item="setting" verb="update" instead={<p><strong>{setting.name}</strong> <span class="soft">{meaningOf(setting)}</span> <code>{written(setting.value)}</code></p>}>
        <form onSubmit={(event) => { event.preventDefault(); void set(read(text, setting.file)); }}>
          <label for={id}><strong>{setting.name}</strong> <span class="soft">{meaningOf(setting)}</span></label>
          <div class="setting-value">
            {yesOrNo ? (
              <select id={id} class="form-select form-select-sm" value={text} onChange={(event) => setText(event.currentTarget.value)}><option value="true">yes</option><option value="false">no</option></select>
            ) : (
              <input id={id} class="form-control form-control-sm" value={text} aria-invalid={Boolean(sorry)} aria-describedby={sorry ? `${id}-bad` : undefined} onInput={(event) => setText(event.currentTarget.value)} />
            )}
            <button type="submit" class="btn btn-sm btn-primary" disabled={!changed} aria-label={`Set ${setting.name}`}>Set</button>
            {setting.source === "runtime" && <button type="button" class="btn btn-sm btn-outline-secondary" aria-label={`Back to ${written(setting.file)}: ${setting.name}`} onClick={() => void back()}>Back to {written(setting.file)}</button>}
          </div>
        </form>
      </Allowed>
      {setting.source === "runtime" && <p class="soft">set here{setting.since != null && ` at ${clock(setting.since)}`}; brender.toml has {written(setting.file)}</p>}
      {sorry && <p id={`${id}-bad`} class="note-bad" role="alert">{sorry.message}</p>}
    </li>
  );
}
