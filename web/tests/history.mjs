// The pages of a history in a real browser: node tests/history.mjs CHROMIUM BINARY ADDRESS [SCREENSHOTS]
//
// ADDRESS is a running Go program (testbed/publisher). The binary records it and serves the pages.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [browserPath, binary, address, pictures] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "fathom-history-"));
if (pictures) await mkdir(pictures, { recursive: true });
const child = spawn(binary, ["serve", address, "--no-browser", "--interval", "1s", "--profiles", "2s", "--data", join(folder, "kept")], {
  stdio: ["ignore", "pipe", "inherit"],
});
const url = await new Promise((resolve, reject) => {
  let text = "";
  child.stdout.on("data", (bytes) => {
    text += bytes;
    if (text.includes("\n")) resolve(text.trim());
  });
  child.on("exit", (code) => reject(new Error(`fathom ended with ${code}`)));
});
const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light", reducedMotion: "reduce" });
const page = await context.newPage();
page.setDefaultTimeout(30000);
const complaints = [];
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(error.message));
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const failures = [];
let done = 0;
async function check(what, run) {
  try {
    await run();
    done += 1;
    if (pictures) await page.screenshot({ path: join(pictures, `${what.replace(/\W+/g, "-")}.png`) });
  } catch (error) {
    failures.push(`${what}: ${error.message}`);
    if (pictures) await page.screenshot({ path: join(pictures, `failed-${what.replace(/\W+/g, "-")}.png`) });
  }
}
async function isAccessible() {
  const found = await page.evaluate(`(() => { const module = undefined; ${axe}; return axe.run(document, { runOnly: ["wcag2a", "wcag2aa"] }); })()`);
  const told = found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target).slice(0, 3).join("; ")}`);
  assert.deepEqual(told, []);
}
/** Where a plot is; it is drawn anew when there are newer data. */
async function place(title) {
  for (;;) {
    const box = await over(title).boundingBox();
    if (box) return box;
    await page.waitForTimeout(50);
  }
}
const over = (title) => page.locator(`figure[data-plot="${title}"] .u-over`);

await check("the fleet lists the process with its latest values, and goes on", async () => {
  await page.goto(url);
  const row = page.locator("table.rows tbody tr");
  await row.waitFor();
  assert.match(await row.innerText(), /MB/);
  // New looks arrive by themselves.
  const onDisk = () => page.locator("h1").innerText();
  const before = await onDisk();
  await page.waitForFunction((told) => document.querySelector("h1").innerText !== told, before);
  await isAccessible();
});
await check("a process has its curves", async () => {
  await page.locator("table.rows tbody a").first().click();
  await over("Resident memory").waitFor();
  assert.ok((await page.locator("figure.plot").count()) >= 4);
  assert.match(await page.locator('figure[data-plot="Resident memory"] b[data-value="RSS"]').innerText(), /MB/);
  await page.getByRole("radio", { name: "1m", exact: true }).click();
  assert.match(page.url(), /last=1m/);
  await isAccessible();
});
await check("pointing tells exact values in every plot", async () => {
  const box = await place("Resident memory");
  await page.mouse.move(box.x + box.width - 12, box.y + box.height / 2);
  await page.waitForFunction(() => /\d\d:\d\d:\d\d/.test(document.querySelector('figure[data-plot="Resident memory"] output').innerText));
  // Cursors move together.
  await page.waitForFunction(() => /\d\d:\d\d:\d\d/.test(document.querySelector('figure[data-plot="Goroutines"] output').innerText));
});
await check("dragging zooms all plots, and going back undoes it", async () => {
  const box = await place("Resident memory");
  await page.mouse.move(box.x + box.width * 0.7, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.98, box.y + 40, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/from=\d+.*to=\d+/);
  await page.goBack();
  await page.waitForURL(/last=1m/);
});
await check("groups of plots and the program's own numbers are a click away", async () => {
  await page.getByRole("button", { name: "GC", exact: true }).click();
  // What is not in sight is not asked for.
  await over("The collector's view").waitFor();
  for (let step = 0; step < 60 && !(await page.locator('figure[data-plot="Pauses by length"] canvas').count()); step += 1) {
    await page.mouse.wheel(0, 400);
    await page.waitForTimeout(100);
  }
  await page.locator('figure[data-plot="Pauses by length"] canvas').waitFor();
  await page.getByRole("button", { name: "Its own" }).click();
  await page.locator('figure[data-plot^="publisher_requests_total"]').waitFor();
  await page.getByRole("button", { name: "Overview" }).click();
});
await check("a click on a moment opens its heap profile, and A with it a comparison", async () => {
  const moment = async (share) => {
    const box = await place("Resident memory");
    await page.mouse.click(box.x + box.width * share, box.y + 60);
  };
  await over("Resident memory").waitFor();
  await moment(0.9);
  await page.getByRole("menuitem", { name: /Remember as A/ }).click();
  await page.locator(".remembered").waitFor();
  await moment(0.99);
  await page.getByRole("menuitem", { name: /Heap: from A to here/ }).click();
  await page.waitForURL(/flame\?.*base=history.*profile=history/);
  await page.locator("canvas").first().waitFor();
  await page.goBack();
  await over("Resident memory").waitFor();
  await moment(0.98);
  await page.getByRole("menuitem", { name: /^Heap at / }).click();
  await page.waitForURL(/flame\?.*profile=history/);
  await page.locator("canvas").first().waitFor();
  await page.locator('nav a:has-text("Top")').click();
  await page.getByText("main.work").first().waitFor();
});
await check("a note is kept and marks its moment", async () => {
  await page.locator('nav a:has-text("Curves")').click();
  await over("Resident memory").waitFor();
  const box = await place("Resident memory");
  await page.mouse.click(box.x + box.width * 0.95, box.y + 60);
  await page.getByRole("menuitem", { name: /Write a note/ }).click();
  await page.locator(".note input").fill("the cache was emptied");
  await page.locator(".note button[type=submit]").click();
  await page.getByText("The note is kept.").waitFor();
  const target = new URL(page.url()).searchParams.get("target");
  const told = await page.evaluate(async (id) => (await fetch(`api/v1/history/marks?target=${id}&from=0`)).json(), target ?? "");
  assert.ok(told.marks.some((mark) => mark.kind === "note" && mark.text === "the cache was emptied"), JSON.stringify(told).slice(0, 300));
});
await check("growth says what it knows", async () => {
  await page.keyboard.press("w");
  await page.getByText("What each part does").waitFor();
  assert.match(await page.locator(".growth h1").innerText(), /Too short to tell/);
  await isAccessible();
});

if (complaints.length > 0) failures.push(`the console: ${complaints.join("; ")}`);
await browser.close();
child.kill();
await rm(folder, { recursive: true, force: true, maxRetries: 5 });
console.log(`${done} done, ${failures.length} failed`);
for (const failure of failures) console.error(`FAILED ${failure}`);
process.exit(failures.length > 0 ? 1 : 0);
