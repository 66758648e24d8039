// Makes the pages that the server hands out, in ../static: scripts, styles, and the one HTML file that names them.
//
// How does this work?  esbuild bundles `src/main.tsx`; what only one page needs becomes a file of its own, which is fetched when
// somebody goes there.  What every page needs is named in the HTML, and what each page needs besides in `parts.json`, so that the
// server can name that too: a browser need not read one to hear of the next.  Each small part that several pages share would become a
// file for just those pages; twenty requests take longer than a few kilobytes, so all of these are in the one file that every page
// needs: we build once to see which they are.  Names have a hash of their content in them, so that browsers may keep them for good.
// The files of the last build are removed when those of the new one are there.

import { readFile, readdir, rm, writeFile, copyFile, mkdir } from "node:fs/promises";
import { context, build } from "esbuild";

const here = new URL(".", import.meta.url).pathname;
const out = `${here}../static/`;
const HASHED = /-[0-9A-Z]{8}\.(js|css|LEGAL\.txt|js\.LEGAL\.txt|css\.LEGAL\.txt)$/;

const bundled = {
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  metafile: true,
  legalComments: "linked",
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  assetNames: "[name]-[hash]",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
};

const EARLY = "src/early.ts";
const MAIN = "src/main.tsx";
const ENTRIES = /[\\/]src[\\/](main|pages[\\/]\w+)\.tsx$/; // what becomes a file of its own

const byName = ({ outputs }) => new Map(Object.entries(outputs).map(([path, about]) => [path.split("/").at(-1), about]));

// Our own files that several pages share, without what stands on a package that not every page needs.
async function shared() {
  const { metafile } = await build({ ...bundled, entryPoints: [MAIN], write: false });
  const made = byName(metafile);
  const everywhere = needed(made, [...made].find(([, { entryPoint }]) => entryPoint === MAIN)[0]);
  const packaged = (file) => file.startsWith("node_modules/");
  return [...made].flatMap(([name, { entryPoint, inputs }]) => {
    const files = Object.keys(inputs);
    return !entryPoint && (everywhere.has(name) || !files.some(packaged)) ? files.filter((file) => !packaged(file)) : [];
  });
}

// Every page needs all of these, and what is asked early.
async function together(made) {
  const imports = [EARLY, ...(await shared())].map((file) => `\nimport ${JSON.stringify(here + file)};`).join("");
  made.onLoad({ filter: ENTRIES }, async ({ path }) => ({ contents: (await readFile(path, "utf8")) + imports, loader: "tsx" }));
}

async function finish({ metafile, errors }) {
  if (errors.length) return;
  const made = byName(metafile);
  const named = (entry) => [...made].find(([, about]) => about.entryPoint === entry)[0];
  const everywhere = needed(made, named(MAIN));
  const early = [...made].find(([, { inputs }]) => inputs[EARLY])[0]; // as every page needs it, it lies in a file with all that it needs
  const parts = [...everywhere].filter((name) => name !== early).map((name) => `<link rel="modulepreload" href="{root}static/${name}">`);
  const page = (await readFile(`${here}index.html`, "utf8"))
    .replace("{early}", early)
    .replace("{app}", named(MAIN))
    .replace("{style}", named("styles/app.css"))
    .replace("{parts}", parts.join("\n"));
  const pages = [...made].filter(([, about]) => about.entryPoint?.startsWith("src/pages/"));
  const own = pages.map(([name, about]) => [/(\w+)\.tsx$/.exec(about.entryPoint)[1], [name, ...needed(made, name)].filter((part) => !everywhere.has(part) && part !== named(MAIN))]);
  await writeFile(`${out}parts.json`, JSON.stringify(Object.fromEntries(own)));
  await copyFile(`${here}icon.svg`, `${out}icon.svg`);
  await copyFile(`${here}styles/plain.css`, `${out}plain.css`);
  await writeFile(`${out}index.html`, page);
  for (const name of await readdir(out)) if (HASHED.test(name) && !made.has(name)) await rm(out + name);
}

// What a file imports, and what that imports.
function needed(made, name, found = new Set()) {
  for (const { path, kind } of made.get(name).imports) {
    const part = path.split("/").at(-1);
    if (kind !== "import-statement" || found.has(part)) continue;
    found.add(part);
    needed(made, part, found);
  }
  return found;
}

const options = {
  ...bundled,
  entryPoints: { early: EARLY, app: MAIN, style: "styles/app.css" },
  plugins: [{ name: "together", setup: together }, { name: "page", setup: (made) => made.onEnd(finish) }],
};

await mkdir(out, { recursive: true });
if (process.argv.includes("--watch")) await (await context(options)).watch();
else await build(options);
