// Builds the page into the directory that is named: node build.mjs DIRECTORY
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const out = process.argv[2] ?? "dist";
await mkdir(out, { recursive: true });
await build({
  entryPoints: { app: "src/main.tsx" },
  bundle: true,
  outdir: out,
  format: "esm",
  target: "es2022",
  minify: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
  loader: { ".css": "css" },
});
for (const file of ["index.html", "icon.svg"]) {
  await copyFile(join("src", file), join(out, file));
}
