// Makes modules of the page, which are TypeScript, importable by tests.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const source = join(dirname(fileURLToPath(import.meta.url)), "../src");

export async function load(...modules) {
  const out = await mkdtemp(join(tmpdir(), "fathom-web-"));
  await build({
    entryPoints: modules.map((name) => join(source, `${name}.ts`)),
    outdir: out,
    outbase: source,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    logLevel: "warning",
  });
  return Promise.all(modules.map((name) => import(pathToFileURL(join(out, `${name}.mjs`)).href)));
}
