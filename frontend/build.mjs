// Builds ../static/dist from these sources: CSS by Sass, scripts by esbuild, one sprite of the icons in use.
// The same sources give the same bytes, so that `npm run check` can compare with what is committed.
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import * as sass from "sass";

const HERE = path.dirname(fileURLToPath(import.meta.url));
// Classic scripts: theme runs before the first paint, site carries htmx and whatever every page needs.
const CLASSIC = ["theme", "site"];
// Modules that a page asks for by name.
const MODULES = ["upload", "exams", "viewer", "grade", "jury"];
const TARGET = ["es2022", "chrome109", "firefox115", "safari16.4"];

async function buildStyle() {
  const compiled = sass.compile(path.join(HERE, "css/site.scss"), {
    loadPaths: [path.join(HERE, "node_modules")],
    quietDeps: true,
    silenceDeprecations: ["import", "global-builtin", "color-functions", "if-function"],
  });
  const { code } = await esbuild.transform(compiled.css, { loader: "css", minify: true, target: TARGET, charset: "utf8" });
  return code.replace(/^\uFEFF/, "");
}

async function buildSprite() {
  const names = (await readFile(path.join(HERE, "icons.txt"), "utf8")).split("\n").filter((name) => name && !name.startsWith("#"));
  const symbols = await Promise.all(
    [...new Set(names)].sort().map(async (name) => {
      const svg = await readFile(path.join(HERE, `node_modules/bootstrap-icons/icons/${name}.svg`), "utf8");
      const inner = svg.slice(svg.indexOf(">") + 1, svg.lastIndexOf("</svg>")).replace(/\n\s*/g, "");
      return `<symbol id="${name}" viewBox="0 0 16 16">${inner}</symbol>`;
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}\n</svg>\n`;
}

async function buildScripts(into, names, format) {
  await esbuild.build({
    entryPoints: names.map((name) => path.join(HERE, `${name}.js`)),
    outdir: into,
    bundle: true,
    minify: true,
    format,
    target: TARGET,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  });
}

/** Writes every built file into the folder `into`, which is emptied first. */
export async function build(into) {
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  await writeFile(path.join(into, "site.css"), await buildStyle());
  await writeFile(path.join(into, "icons.svg"), await buildSprite());
  await buildScripts(into, CLASSIC, "iife");
  await buildScripts(into, MODULES, "esm");
  return (await readdir(into)).sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const into = path.resolve(HERE, "../static/dist");
  for (const name of await build(into)) {
    const size = (await readFile(path.join(into, name))).length;
    console.log(`${name.padEnd(12)} ${(size / 1000).toFixed(1).padStart(7)} kB`);
  }
}
