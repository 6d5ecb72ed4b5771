// Rebuilds into a temporary folder and compares with the committed ../static/dist; exit 1 names what differs.
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";

const committed = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../static/dist");
const fresh = await mkdtemp(path.join(os.tmpdir(), "concours-dist-"));
try {
  const names = new Set([...(await build(path.join(fresh, "dist"))), ...(await readdir(committed))]);
  const differing = [];
  for (const name of names) {
    const [ours, theirs] = await Promise.all(
      [path.join(fresh, "dist", name), path.join(committed, name)].map((file) => readFile(file).catch(() => null)),
    );
    if (!ours || !theirs || !ours.equals(theirs)) differing.push(name);
  }
  if (differing.length) {
    console.error(`static/dist is not what frontend/ builds: ${differing.join(", ")}. Run: cd frontend && npm ci && npm run build`);
    process.exitCode = 1;
  } else {
    console.log(`static/dist equals a rebuild (${names.size} files)`);
  }
} finally {
  await rm(fresh, { recursive: true, force: true });
}
