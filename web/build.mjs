// Builds the page into the directory that is named: node build.mjs DIRECTORY
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
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
  // Other than the type checks are told: see src/jsx.ts.
  tsconfigRaw: { compilerOptions: { jsx: "react", jsxFactory: "makeElement", jsxFragmentFactory: "groupElements" } },
  inject: ["src/jsx.ts"],
  logLevel: "warning",
  loader: { ".css": "css" },
});
for (const file of ["index.html", "icon.svg"]) {
  await copyFile(join("src", file), join(out, file));
}
// A saved page holds these as they are, and its policy allows them by their hashes.
for (const file of ["app.js", "app.css"]) {
  const text = await readFile(join(out, file));
  if (/<\/(script|style)|<!--/i.test(text.toString())) throw new Error(`${file} would end the element that holds it`);
  await writeFile(join(out, `${file}.hash`), `sha256-${createHash("sha256").update(text).digest("base64")}`);
}
