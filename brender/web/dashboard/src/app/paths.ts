// Which way an address is: "/jobs/7" is the way "/jobs/{job}", where {job} stands for 7.

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null; // no text at all
  }
}

export function matched(path: string, way: string): Record<string, string> | null {
  const parts = path.split("/");
  const wanted = way.split("/");
  if (parts.length !== wanted.length) return null;
  const ids: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    const said = decoded(parts[index] ?? "");
    if (said == null) return null;
    if (name) ids[name] = said;
    else if (part !== parts[index]) return null;
  }
  return ids;
}

export const pathOf = (pathname: string, root: string) => pathname.slice(root.length).replace(/(.)\/$/, "$1") || "/";
