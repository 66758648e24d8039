// A page that cannot be drawn: a sentence in its place, and the rest of the application goes on.

import { Component } from "preact";
import type { ComponentChildren } from "preact";
import { Trouble } from "../parts/trouble";

interface State {
  broken: unknown;
}

export class Boundary extends Component<{ children: ComponentChildren }, State> {
  override state: State = { broken: undefined };

  static override getDerivedStateFromError(broken: unknown): State {
    return { broken };
  }

  override componentDidCatch(broken: unknown) {
    reportError(broken); // as if nobody had caught it: in the browser's console, and where tests look
  }

  override render() {
    const { broken } = this.state;
    if (broken === undefined) return this.props.children;
    const why = broken instanceof Error ? broken.message : String(broken);
    return (
      <Trouble title="This page could not be drawn" message={`The mistake is ours, not yours: ${why}. The farm goes on as it was.`}>
        <p><button type="button" class="btn btn-secondary" onClick={() => location.reload()}>Load it anew</button></p>
      </Trouble>
    );
  }
}
