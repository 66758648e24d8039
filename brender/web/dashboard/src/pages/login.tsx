// Who are you?  And then on to the page that was wanted.

import { useState } from "preact/hooks";
import { useTitle } from "../app/router";
import { here, sorryOf } from "../farm/api";
import type { Sorry } from "../farm/api";
import { logIn, wanted } from "../farm/session";
import { Note } from "../parts/trouble";

export default function Login() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [sorry, setSorry] = useState<Sorry>();
  const [busy, setBusy] = useState(false);
  useTitle("Log in");
  const enter = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await logIn(name, password);
      location.assign(here(wanted())); // everything is read anew, as this person may see it
    } catch (error) {
      setSorry(sorryOf(error));
      setPassword("");
      setBusy(false);
    }
  };
  return (
    <form class="login panel" onSubmit={(event) => void enter(event)}>
      <h1>Log in</h1>
      <label for="name">Name</label>
      <input id="name" class="form-control" autocomplete="username" autofocus required value={name} onInput={(event) => setName(event.currentTarget.value)} />
      <label for="password">Password</label>
      <input id="password" class="form-control" type="password" autocomplete="current-password" required value={password} onInput={(event) => setPassword(event.currentTarget.value)} />
      {sorry && <Note sorry={sorry} />}
      <button type="submit" class="btn btn-primary" disabled={busy}>Log in</button>
    </form>
  );
}
