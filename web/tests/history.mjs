// The pages of a history in a real browser:
// node tests/history.mjs CHROMIUM BINARY FOLDER ADDRESS ADDRESS [SCREENSHOTS]
//
// FOLDER is a history of two running Go programs (testbed/publisher) in which something was found
// of both, with a capture of the first. The binary goes on recording them and serves the pages.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [browserPath, binary, folder, first, second, pictures] = process.argv.slice(2);
if (pictures) await mkdir(pictures, { recursive: true });
const child = spawn(binary, ["serve", first, second, "--no-browser", "--interval", "1s", "--profiles", "2s", "--data", folder], {
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
/** Scrolls until a plot is there: what is not in sight is not asked for. */
async function scrollTo(title) {
  const canvas = page.locator(`figure[data-plot="${title}"] canvas`);
  for (let step = 0; step < 60 && !(await canvas.count()); step += 1) {
    await page.mouse.wheel(0, 400);
    await page.waitForTimeout(100);
  }
  await canvas.waitFor();
}
const over = (title) => page.locator(`figure[data-plot="${title}"] .u-over`);

await check("the fleet lists the processes with their latest values, and goes on", async () => {
  await page.goto(url);
  const row = page.locator("table.rows tbody tr").filter({ hasText: first });
  await row.first().waitFor();
  assert.match(await row.first().innerText(), /MB/);
  // New looks arrive by themselves.
  const onDisk = () => page.locator("h1").innerText();
  const before = await onDisk();
  await page.waitForFunction((told) => document.querySelector("h1").innerText !== told, before);
  await isAccessible();
});
await check("what was found is listed, searched, and told in full with its capture", async () => {
  const findings = page.locator("section.was-found");
  const titles = findings.locator("td.says button");
  await page.waitForFunction(() => /^2 findings, 1 holds$/.test(document.querySelector("section.was-found h2").innerText));
  assert.deepEqual(await titles.allInnerTexts(), ["The live heap grows by 48 MB an hour", "Goroutines grew by 40 an hour"]);
  const row = findings.locator("tbody tr").nth(1);
  assert.match(await row.innerText(), /warning[^]*over/);
  // By title, by id, by process.
  for (const [text, count] of [["goroutines grew", 1], ["heap-growth", 1], [second, 1], ["nothing of the kind", 0]]) {
    await findings.getByRole("searchbox").fill(text);
    await page.waitForFunction((wanted) => document.querySelectorAll("section.was-found td.says").length === wanted, count);
  }
  await findings.getByRole("searchbox").fill("");
  await titles.first().click();
  const whole = findings.locator("tr.whole");
  for (const part of [/does not level off/, /live heap now\s*108 MB/, /main\.remember/, /levels off within an hour/]) assert.match(await whole.innerText(), part);
  assert.match(page.url(), /finding=/);
  const [download] = await Promise.all([page.waitForEvent("download"), whole.locator(".captures a").click()]);
  assert.match(download.suggestedFilename(), /^heap-growth-\d+\.fathom$/);
  const bundle = await readFile(await download.path());
  assert.equal(bundle.subarray(0, 2).toString(), "PK");
  await isAccessible();
});
await check("one line is drawn for all processes, and two are compared", async () => {
  await over("Resident memory: RSS").waitFor();
  const chart = page.locator(".comparison figure");
  assert.equal(await chart.locator(".legend button").count(), 2);
  await page.locator(".comparison select").selectOption("goroutines/goroutines");
  await over("Goroutines: goroutines").waitFor();
  await page.getByRole("radio", { name: "1m", exact: true }).click();
  // Pointing names the nearest line.
  const named = new RegExp(`(${first}|${second}): \\d+`);
  for (;;) {
    const box = await place("Goroutines: goroutines");
    await page.mouse.move(box.x + box.width - 15, box.y + 30);
    if (named.test(await chart.locator("output").innerText())) break;
    await page.waitForTimeout(100);
  }
  await page.getByRole("checkbox", { name: `Pick ${second}` }).check();
  await page.getByRole("checkbox", { name: `Pick ${first}` }).check();
  await page.locator(".picked", { hasText: `From ${second} to ${first}` }).waitFor();
  await isAccessible();
  await page.getByRole("link", { name: "compare their heaps" }).click();
  await page.waitForURL(/flame\?.*base=history.*profile=history/);
  const shown = new URL(page.url()).searchParams;
  assert.match(shown.get("base"), /^history:t[0-9a-f]+\/heap@\d+$/);
  assert.notEqual(shown.get("base").split("/")[0], shown.get("profile").split("/")[0]);
  await page.locator("canvas").first().waitFor();
  await page.goto(url);
});
await check("a process has its curves", async () => {
  await page.locator("table.rows tbody a").filter({ hasText: first }).first().click();
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
await check("a finding is a mark on the curves", async () => {
  const target = new URL(page.url()).searchParams.get("target");
  const told = await page.evaluate(async (id) => (await fetch(`api/v1/history/findings?target=${id}`)).json(), target);
  const at = told.findings[0].first_ms;
  await page.goto(new URL(`target?target=${target}&from=${at - 20000}&to=${at + 20000}`, url).href);
  // Only what was found of this process.
  const titles = page.locator("section.was-found td.says button");
  await titles.waitFor();
  assert.deepEqual(await titles.allInnerTexts(), ["The live heap grows by 48 MB an hour"]);
  await over("Resident memory").waitFor();
  // Newer looks draw the plot anew; whoever points at it moves the mouse again.
  const isTold = async (aside) => {
    const box = await place("Resident memory");
    await page.mouse.move(box.x + box.width / 2 + aside, box.y + box.height / 2);
    return (await page.locator('figure[data-plot="Resident memory"] output').innerText()).includes("The live heap grows by 48 MB an hour");
  };
  let tries = 0;
  while (tries < 100 && !(await isTold(tries % 3))) tries += 1;
  assert.ok(tries < 100);
  await page.goBack();
  await over("Resident memory").waitFor();
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
  await over("The collector's view").waitFor();
  await scrollTo("Pauses by length");
  await over("Since the last collection").waitFor();
  await page.getByRole("button", { name: "Heap", exact: true }).click();
  await scrollTo("Objects by size");
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
console.log(`${done} done, ${failures.length} failed`);
for (const failure of failures) console.error(`FAILED ${failure}`);
process.exit(failures.length > 0 ? 1 : 0);
