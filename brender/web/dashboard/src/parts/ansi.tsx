// A line of a log with the colours that its program meant, and what somebody looks for marked in it.

import type { ComponentChildren } from "preact";

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const CODE = /\x1b\[([0-9;]*)m/g;
const OTHER = /\x1b(?:\[[0-9;?]*[A-Za-ln-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g;

interface Look {
  colour: string;
  bold: boolean;
}

// The pieces of a line, each with the classes of its look.
export function pieces(line: string): { text: string; look: string }[] {
  const found: { text: string; look: string }[] = [];
  const look: Look = { colour: "", bold: false };
  let at = 0;
  const put = (text: string) => {
    const plain = text.replace(OTHER, "");
    if (plain) found.push({ text: plain, look: `${look.colour && `ansi-${look.colour}`}${look.bold ? " ansi-bold" : ""}` });
  };
  for (const match of line.matchAll(CODE)) {
    put(line.slice(at, match.index));
    at = match.index + match[0].length;
    turn(look, match[1]!.split(";").map(Number));
  }
  put(line.slice(at));
  return found;
}

function turn(look: Look, codes: number[]) {
  for (let place = 0; place < codes.length; place++) {
    const code = codes[place]!;
    if (code === 0) Object.assign(look, { colour: "", bold: false });
    else if (code === 1) look.bold = true;
    else if (code === 22) look.bold = false;
    else if (code >= 30 && code <= 37) look.colour = NAMES[code - 30]!;
    else if (code >= 90 && code <= 97) look.colour = NAMES[code - 90]!;
    else if (code === 39) look.colour = "";
    else if (code === 38 || code === 48) place += codes[place + 1] === 5 ? 2 : 4; // of a palette: shown plain
  }
}

export function LogLine({ text, wanted }: { text: string; wanted: string }) {
  return <>{pieces(text).map((piece, place) => <span key={place} class={piece.look || undefined}>{marked(piece.text, wanted)}</span>)}</>;
}

function marked(text: string, wanted: string): ComponentChildren {
  if (!wanted) return text;
  const parts: ComponentChildren[] = [];
  const lower = text.toLowerCase();
  let at = 0;
  for (let found = lower.indexOf(wanted.toLowerCase()); found >= 0; found = lower.indexOf(wanted.toLowerCase(), at)) {
    parts.push(text.slice(at, found), <mark>{text.slice(found, found + wanted.length)}</mark>);
    at = found + wanted.length;
  }
  return [...parts, text.slice(at)];
}
