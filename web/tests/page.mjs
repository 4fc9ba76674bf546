// The page in a real browser: node tests/page.mjs CHROMIUM BINARY FIXTURES PID [SCREENSHOTS]
//
// PID is a Go program that leaks goroutines (testbed/goroutine_leak).
//
// Runs the binary on recorded profiles, opens what it serves, and does what a user does. Each
// case says what it checks; the first failure of each is told, and a console error is one.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { chromium } from "playwright-core";

const [browserPath, binary, fixtures, pid, pictures] = process.argv.slice(2);
const only = process.env.FATHOM_PAGE_ONLY;
const CPU = join(fixtures, "profiles/go1.27.3/cpu.pb.gz");
const OLDER_CPU = join(fixtures, "profiles/go1.26.6/cpu.pb.gz");
const INCIDENT = join(fixtures, "incidents/go1.27.3/orders.fathom");
const DUMP = join(fixtures, "formats/go1.27.3/goroutine_debug2.txt");
const LEAK = join(fixtures, "causes/go1.27.3/goroutine_leak/goroutine_debug2.txt");
const SWAPPED = join(fixtures, "incidents/go1.27.3/swapped.fathom");
const HUGE = join(fixtures, "causes/go1.27.3/thp/smaps.txt");
const LATER = join(fixtures, "incidents/go1.27.3/healthy.fathom");

/** Starts fathom and returns the address that it prints. */
function serve(...sources) {
  const child = spawn(binary, ["open", "--no-browser", ...sources], { stdio: ["ignore", "pipe", "inherit"] });
  const url = new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (bytes) => {
      text += bytes;
      if (text.includes("\n")) resolve(text.trim());
    });
    child.on("exit", (code) => reject(new Error(`fathom ended with ${code}`)));
  });
  return { url, end: () => child.kill() };
}

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu"] });
const failures = [];
const complaints = [];
let done = 0;

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  page.on("console", (message) => {
    // A problem that the page shows is an answer, not an error of the page.
    if (message.type() === "error" && !/status of (400|404)/.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const isOurs = /^(data:|blob:|file:|http:\/\/127\.0\.0\.1:)/.test(request.url());
    if (!isOurs) complaints.push(`asked for ${request.url()}`);
  });
  return page;
}

async function picture(page, name) {
  if (!pictures) return;
  await mkdir(pictures, { recursive: true });
  await page.waitForTimeout(150);
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

async function check(what, run) {
  if (only && !what.includes(only)) return;
  const before = complaints.length;
  try {
    await run();
    assert.deepEqual(complaints.slice(before), [], "nothing is said on the console");
    done += 1;
  } catch (error) {
    failures.push(`${what}: ${error.stack ?? error}`);
  }
}

const query = (page) => new URL(page.url()).searchParams;
const view = (page) => new URL(page.url()).pathname.split("/").pop();
const canvas = "main .flame-canvas canvas";
/** What says that a view is there. */
const VIEW_SIGNS = { explain: "h1, .summary", flame: canvas, top: ".top-table tbody td.name", graph: ".graph svg .node", peek: ".entry, .suggestions li", tree: ".entry",
  traces: ".trace", tags: ".tags, .empty", source: ".code, .suggestions li", disasm: ".problem, .code, .suggestions li" };

/** The place on the screen of a frame, by its name. */
async function frame(page, name) {
  await page.waitForSelector(canvas);
  await page.waitForFunction(
    ([selector, wanted]) => document.querySelector(selector)?.frameNamed?.(wanted),
    [canvas, name],
  );
  return page.evaluate(([selector, wanted]) => document.querySelector(selector).frameNamed(wanted), [canvas, name]);
}

const cpu = serve(CPU);
const incident = serve(INCIDENT);
const change = serve(OLDER_CPU, CPU);
const states = serve(LATER, INCIDENT);
const dump = serve(DUMP);
const QUEUE = join(await mkdtemp(join(tmpdir(), "fathom-page-")), "queue.txt");
await writeFile(QUEUE, queue([[20, 0], [30, 3], [150, 7], [40, 90]]));
const waiting = serve(QUEUE);
const leak = serve("--base", DUMP, LEAK);
const swapped = serve(SWAPPED);
const huge = serve(HUGE);
const all = { cpu, incident, change, states, dump, waiting, leak, swapped, huge };
const at = {};
for (const [name, served] of Object.entries(all)) at[name] = await served.url;

await check("explain says what was found, and the bytes are a picture", async () => {
  const page = await open();
  await page.goto(at.incident);
  await page.waitForSelector(".findings");
  assert.match(await page.textContent("h1"), /1\.12 GB resident/);
  const findings = await page.locator(".finding-title").allTextContents();
  assert.match(findings[0], /free heap kept after a peak/);
  assert.ok(await page.locator(".finding-body").first().isVisible(), "the first says what to do");
  assert.ok((await page.locator(".strip-part").count()) >= 3);
  assert.ok((await page.locator(".ledger tr").count()) > 6);
  await page.locator(".finding summary").nth(1).click();
  assert.match(await page.locator(".finding-body").nth(1).textContent(), /Do/);
  await picture(page, "explain");
  await page.keyboard.press("2");
  await page.waitForSelector(canvas);
  assert.equal(view(page), "flame");
  await picture(page, "flame-heap");
  await page.goBack();
  await page.waitForSelector(".findings");
  await page.close();
});

await check("a plain profile is summed up, and leads on", async () => {
  const page = await open();
  await page.goto(at.cpu);
  await page.waitForSelector(".summary .sites tr");
  await picture(page, "summary");
  await page.click("text=Flame graph");
  await page.waitForSelector(canvas);
  assert.equal(view(page), "flame");
  await page.close();
});

await check("every view is one key away, and its address is the view", async () => {
  const page = await open();
  await page.goto(`${at.cpu}flame`);
  await page.waitForSelector(canvas);
  const keys = { 3: ["top", ".top-table tbody td.name"], 4: ["graph", ".graph svg .node"], 5: ["peek", ".suggestions li"], 6: ["tree", ".entry"], 7: ["traces", ".trace"],
    8: ["tags", ".tags"], 9: ["source", ".suggestions li"], 0: ["disasm", ".suggestions li"], 1: ["explain", "h1, .summary"], 2: ["flame", canvas] };
  for (const [key, [name, sign]] of Object.entries(keys)) {
    await page.locator("body").press("Escape");
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press(key);
    await page.waitForSelector(sign);
    assert.equal(view(page), name);
    assert.equal(await page.textContent(".tabs a[aria-current]"), (await page.getAttribute(".tabs a[aria-current]", "href"))?.startsWith("disasm") ? "Assembly" : name[0].toUpperCase() + name.slice(1));
    await picture(page, name);
  }
  await page.close();
});

await check("the flame graph zooms, and back is undo", async () => {
  const page = await open();
  await page.goto(`${at.cpu}flame`);
  const main = await frame(page, "main.order");
  await page.mouse.dblclick(main.x, main.y);
  await page.waitForSelector(".minimap");
  assert.ok(query(page).get("path"));
  assert.match(await page.textContent(".trail-here"), /main\.order/);
  await picture(page, "flame-zoomed");
  const zoomed = page.url();
  await page.goBack();
  await page.waitForSelector(".minimap", { state: "detached" });
  await page.goForward();
  await page.waitForSelector(".minimap");
  assert.equal(page.url(), zoomed);
  await page.reload();
  await page.waitForSelector(".minimap");
  assert.match(await page.textContent(".trail-here"), /main\.order/);
  await page.keyboard.press("Escape");
  await page.waitForSelector(".minimap", { state: "detached" });
  await page.close();
});

await check("a frame's numbers stand in the bar, in every sample type", async () => {
  const page = await open();
  await page.goto(`${at.cpu}flame`);
  const main = await frame(page, "main.order");
  await page.mouse.move(main.x, main.y);
  await page.waitForFunction(() => document.querySelector(".detail-name")?.textContent.includes("main.order"));
  const figures = await page.locator(".figure-label").allTextContents();
  assert.deepEqual(figures, ["self", "samples", "cpu"]);
  await page.close();
});

await check("a search is told in shares, and its matches are stepped through", async () => {
  const page = await open();
  await page.goto(`${at.cpu}flame`);
  await page.waitForSelector(canvas);
  await page.keyboard.press("/");
  await page.keyboard.type("runtime\\.");
  await page.waitForSelector(".detail-found");
  assert.equal(query(page).get("find"), "runtime\\.");
  assert.match(await page.textContent(".detail-found"), /match(es)? hold [\d.]+ %/);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /1 \//.test(document.querySelector(".detail-found")?.textContent ?? ""));
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("n");
  await page.waitForFunction(() => /2 \//.test(document.querySelector(".detail-found")?.textContent ?? ""));
  await picture(page, "flame-search");
  await page.close();
});

await check("the menu of a frame filters, and a filter is a chip that can be removed", async () => {
  const page = await open();
  await page.goto(`${at.cpu}flame`);
  const main = await frame(page, "main.order");
  await page.mouse.click(main.x, main.y, { button: "right" });
  await page.waitForSelector("[role=menu]");
  await picture(page, "menu");
  await page.click("text=Focus: only stacks with it");
  await page.waitForSelector(".chip");
  assert.equal(query(page).get("focus"), "^main\\.order$");
  assert.match(await page.textContent(".chip"), /focus main\.order/);
  await page.keyboard.press("3");
  await page.waitForSelector(".top-table");
  assert.equal(query(page).get("focus"), "^main\\.order$", "filters go from view to view");
  await page.click("[aria-label='Remove focus']");
  await page.waitForSelector(".chip", { state: "detached" });
  assert.equal(query(page).get("focus"), null);
  await page.goBack();
  await page.waitForSelector(".chip");
  await page.close();
});

await check("an option is added by its name", async () => {
  const page = await open();
  await page.goto(`${at.cpu}top`);
  await page.waitForSelector(".top-table");
  await page.selectOption(".adder", "hide");
  await page.waitForSelector(".chip.editing input:focus");
  await page.keyboard.type("^runtime");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".chip");
  assert.equal(query(page).get("hide"), "^runtime");
  await page.waitForFunction(() => ![...document.querySelectorAll(".top-table td.name")].some((cell) => cell.textContent.startsWith("runtime.")));
  await page.goto(`${at.cpu}top?focus=${encodeURIComponent("(")}`);
  await page.waitForSelector(".problem");
  assert.match(await page.textContent(".problem"), /focus/);
  await page.close();
});

await check("a pivot shows callers and callees", async () => {
  const page = await open();
  await page.goto(`${at.cpu}top`);
  await page.waitForSelector(".top-table td.name");
  const name = await page.locator(".top-table tbody td.name").first().textContent();
  await page.locator(".top-table tbody td.name").first().dblclick();
  await page.waitForSelector(".sandwich canvas");
  assert.equal(query(page).get("pivot"), name);
  assert.equal(await page.locator(".sandwich canvas").count(), 2);
  await picture(page, "sandwich");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".sandwich", { state: "detached" });
  await page.close();
});

await check("the table sorts by every column", async () => {
  const page = await open();
  await page.goto(`${at.cpu}top`);
  await page.waitForSelector(".top-table td.name");
  await page.locator(".top-table th button", { hasText: "cum" }).first().click();
  await page.waitForFunction(() => location.search.includes("by=cum"));
  await page.locator(".top-table th button", { hasText: "Function" }).click();
  await page.waitForFunction(() => location.search.includes("by=name"));
  const names = await page.locator(".top-table tbody td.name").allTextContents();
  assert.deepEqual(names, [...names].sort());
  await page.close();
});

await check("source and callers of one function", async () => {
  const page = await open();
  await page.goto(`${at.cpu}source?pattern=${encodeURIComponent("^main\\.order$")}`);
  await page.waitForSelector(".code");
  assert.match(await page.textContent(".code-head"), /main\.order/);
  await picture(page, "source-main");
  await page.goto(`${at.cpu}peek?pattern=${encodeURIComponent("^main\\.order$")}`);
  await page.waitForSelector(".entry");
  assert.match(await page.textContent(".calls.callers"), /called by/);
  await picture(page, "peek-main");
  await page.close();
});

await check("a comparison names A and B, and shows what changed", async () => {
  const page = await open();
  await page.goto(`${at.change}flame`);
  await page.waitForSelector(canvas);
  assert.match(await page.textContent(".title"), /A cpu\.pb\.gz → B cpu\.pb\.gz/);
  assert.match(await page.textContent(".detail-numbers"), /B − A/);
  await picture(page, "flame-change");
  await page.keyboard.press("3");
  await page.waitForSelector(".top-table");
  assert.match(await page.textContent(".top-table thead"), /flat B − A/);
  await picture(page, "top-change");
  await page.close();
});

await check("a comparison of incidents says what became of each finding", async () => {
  const page = await open();
  await page.goto(at.states);
  await page.waitForSelector(".fates");
  assert.match(await page.textContent("main"), /What changed from A to B/);
  await picture(page, "explain-change");
  await page.close();
});

await check("keys are told, and commands found by their names", async () => {
  const page = await open();
  await page.goto(`${at.cpu}flame`);
  await page.waitForSelector(canvas);
  await page.keyboard.press("?");
  await page.waitForSelector("dialog .help");
  assert.match(await page.textContent("dialog"), /Next match/);
  await picture(page, "help");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  await page.keyboard.press("Control+k");
  await page.waitForSelector("dialog .palette");
  await page.keyboard.type("main.order");
  await page.waitForFunction(() => document.querySelector("dialog [role=option]")?.textContent.includes("main.order"));
  await picture(page, "palette");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".sandwich");
  assert.equal(query(page).get("pivot"), "main.order");
  await page.close();
});

await check("colours follow the system, and the switch", async () => {
  const page = await open({ colorScheme: "dark" });
  await page.goto(at.incident);
  await page.waitForSelector(".findings");
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await theme(), "dark");
  await picture(page, "explain-dark");
  await page.click("[aria-label='Light or dark']");
  assert.equal(await theme(), "light");
  await page.reload();
  await page.waitForSelector(".findings");
  assert.equal(await theme(), "light", "the choice is kept");
  await page.click("[aria-label='Light or dark']");
  for (const name of ["flame", "top", "graph"]) {
    await page.goto(`${at.cpu}${name}`);
    await page.waitForSelector(`${canvas}, .top-table td.name, .graph svg`);
    await picture(page, `${name}-dark`);
  }
  await page.close();
});

await check("text has enough contrast, light and dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open({ colorScheme });
    await page.goto(at.incident);
    await page.waitForSelector(".findings");
    const poor = await page.evaluate(contrasts);
    assert.deepEqual(poor, [], colorScheme);
    await page.close();
  }
});

await check("it works on a narrow screen", async () => {
  const page = await open({ viewport: { width: 400, height: 800 } });
  for (const name of ["explain", "flame", "top", "tree"]) {
    await page.goto(`${at.incident}${name}`);
    await page.waitForSelector(`.findings, ${canvas}, .top-table td.name, .entry`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 400, `${name} is ${wide} wide`);
    await picture(page, `${name}-narrow`);
  }
  await page.close();
});

await check("goroutines stand in groups, what may be a leak first", async () => {
  const page = await open();
  await page.goto(at.leak);
  await page.waitForSelector(".explain");
  await page.keyboard.press("g");
  await page.waitForSelector(".groups .group");
  assert.equal(view(page), "goroutines");
  assert.match(await page.textContent("h1"), /2,0\d\d goroutines in \d+ groups; \d groups? may be/);
  const first = page.locator(".group").first();
  assert.match(await first.textContent(), /2,000 chan send|2,000 chan receive/);
  assert.match(await first.locator(".suspicion").textContent(), /may be a leak grew from 0 to 2,?000/);
  assert.match(await first.locator(".grew").textContent(), /\+2,000 since A \(new\)/);
  assert.match(await first.locator(".created").first().textContent(), /created by main\./);
  await picture(page, "goroutines-leak");
  await page.selectOption(".choices select", "count");
  assert.equal(query(page).get("by"), "count");
  await page.close();
});

await check("a live Go program: what was found, and every view of it", async () => {
  const live = serve("--dump", pid);
  const page = await open();
  const address = await live.url;
  await page.goto(address);
  await page.waitForSelector(".findings");
  assert.match(await page.textContent(".findings"), /goroutines wait in .* they look leaked/);
  assert.match(await page.textContent("main"), /resident/);
  const signs = { ...VIEW_SIGNS, source: ".code", disasm: ".code", peek: ".entry", goroutines: ".groups .group", memory: ".piece" };
  for (const [name, sign] of Object.entries(signs)) {
    const pattern = ["source", "disasm", "peek"].includes(name) ? "?pattern=%5Emain%5C.&sample_index=alloc_space" : "?sample_index=alloc_space";
    await page.goto(`${address}${name}${pattern}`);
    await page.waitForSelector(sign);
  }
  await page.close();
  live.end();
});

await check("goroutines by their waits, states and frames, all of it in the address", async () => {
  const page = await open();
  await page.goto(`${at.waiting}goroutines`);
  await page.waitForSelector(".waits");
  const waits = await page.locator(".waits").getAttribute("aria-label");
  assert.equal(waits, "Waits. less than a minute, or nobody knows: 20 (8.3 %). 2 min to 5 min: 30 (12.5 %). 5 min to 15 min: 150 (62.5 %). 60 min to 4 h: 40 (16.7 %)");
  assert.match(await page.textContent(".group-head"), /waited 3 min to 90 min, half of them 7 min or more/);
  await picture(page, "goroutines-waits");
  await page.goto(`${at.dump}goroutines?by=wait`);
  await page.waitForSelector(".group");
  await picture(page, "goroutines");
  const groups = await page.locator(".group").count();
  await page.locator(".state", { hasText: /^select \d+$/ }).click();
  await page.waitForFunction((before) => document.querySelectorAll(".group").length < before, groups);
  assert.equal(query(page).get("state"), "select");
  for (const head of await page.locator(".group h2").allTextContents()) assert.match(head, /select$/);
  await page.locator(".more").first().focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(".more[aria-expanded=true]");
  const opened = page.url();
  await page.reload();
  await page.waitForSelector(".more[aria-expanded=true]");
  assert.equal(page.url(), opened);
  await page.keyboard.press("/");
  await page.keyboard.type("nothing is called so");
  await page.waitForSelector(".empty");
  await page.goBack();
  await page.waitForSelector(".group");
  await page.close();
});

await check("the address space is a picture, a table, and a mapping in full", async () => {
  const page = await open();
  await page.goto(at.incident);
  await page.waitForSelector(".findings");
  await page.keyboard.press("m");
  await page.waitForSelector(".piece");
  assert.equal(view(page), "memory");
  assert.match(await page.textContent("h1"), /1\.12 GB resident of [\d.]+ GB mapped/);
  const rows = await page.locator(".map-table tbody tr").count();
  assert.equal(await page.locator(".piece").count(), rows, "each mapping is drawn");
  assert.match(await page.locator(".map-table tbody tr").first().textContent(), /Go heap arena/);
  const order = await page.locator(".run-start").allTextContents();
  const numbers = order.map((start) => BigInt(`0x${start}`));
  assert.ok(numbers.every((start, place) => place === 0 || start > numbers[place - 1]), "in order of addresses");
  assert.ok((await page.locator(".address-gap").count()) > 0);
  await picture(page, "memory");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  const second = await page.locator(".piece").nth(1).getAttribute("aria-label");
  await page.waitForFunction(() => document.querySelectorAll(".piece")[1].getAttribute("aria-pressed") === "true");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), second);
  const detail = await page.textContent(".map-detail");
  assert.ok(detail.includes(second.split(",")[0]), detail);
  const there = query(page).get("at");
  await page.reload();
  await page.waitForSelector(".piece[aria-pressed=true]");
  assert.equal(query(page).get("at"), there);
  await page.locator(".piece[aria-label^='Go heap arena']").first().hover();
  await page.waitForFunction(() => document.querySelector(".map-detail")?.textContent.includes("Go heap arena"));
  await page.locator(".kinds button", { hasText: "Go heap arena" }).click();
  assert.equal(query(page).get("kind"), "go-arena");
  await page.waitForFunction(() => [...document.querySelectorAll(".map-table .map-kind")].every((cell) => cell.textContent.includes("Go heap arena")));
  await picture(page, "memory-kind");
  await page.close();
});

await check("swapped and huge pages are marked, and said", async () => {
  const page = await open();
  await page.goto(`${at.swapped}memory`);
  await page.waitForSelector(".piece");
  assert.match(await page.textContent("h1"), /31\.0 MB swapped out/);
  assert.match(await page.textContent(".map-table thead"), /swapped/);
  assert.ok((await page.locator(".piece[aria-label*='swapped out']").count()) > 0);
  await picture(page, "memory-swapped");
  await page.goto(`${at.huge}memory`);
  await page.waitForSelector(".piece[aria-label*='huge pages']");
  assert.match(await page.textContent(".map-legend"), /in huge pages/);
  await picture(page, "memory-huge");
  await page.close();
});

await check("what has no such evidence says what to give", async () => {
  const page = await open();
  await page.goto(`${at.cpu}goroutines`);
  await page.waitForSelector(".lacking");
  assert.match(await page.textContent(".lacking"), /fathom open localhost:6060.*--dump/s);
  await page.keyboard.press("m");
  await page.waitForFunction(() => document.querySelector(".lacking")?.textContent.includes("/proc/PID/smaps"));
  await picture(page, "memory-lacking");
  await page.close();
});

await check("goroutines and the memory map are legible: dark, light and narrow", async () => {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 400]) {
      const page = await open({ colorScheme, viewport: { width, height: 800 } });
      for (const [address, sign, name] of [[`${at.leak}goroutines`, ".group", "goroutines"], [`${at.waiting}goroutines`, ".waits", "waits"],
        [`${at.swapped}memory`, ".piece", "memory"], [`${at.cpu}memory`, ".lacking", "lacking"]]) {
        await page.goto(address);
        await page.waitForSelector(sign);
        if (name === "memory") await page.keyboard.press("ArrowRight");
        assert.deepEqual(await page.evaluate(contrasts), [], `${name} ${colorScheme}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${name} is ${wide} wide`);
        await picture(page, `${name}-${colorScheme}-${width}`);
      }
      await page.close();
    }
  }
});

await check("pprof's addresses lead to the views", async () => {
  const page = await open();
  await page.goto(`${at.cpu}ui/flamegraph?f=main`);
  await page.waitForSelector(canvas);
  assert.equal(view(page), "flame");
  assert.equal(query(page).get("focus"), "main");
  await page.close();
});

/** Chooses an entry of the menu that saves, and returns the file. */
async function saveAs(page, label) {
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("S");
  await page.waitForSelector("[role=menu]");
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("[role=menuitem]", { hasText: label }).first().click()]);
  const path = await download.path();
  return { name: download.suggestedFilename(), bytes: await readFile(path) };
}

await check("pictures, tables and the profile are saved as they are shown", async () => {
  const page = await open({ acceptDownloads: true });
  await page.goto(`${at.cpu}flame?focus=main.order`);
  await page.waitForSelector(canvas);
  await page.keyboard.press("S");
  await page.waitForSelector("[role=menu]");
  await picture(page, "save-menu");
  await page.keyboard.press("Escape");
  const png = await saveAs(page, ".png");
  assert.match(png.name, /^cpu\.pb\.gz-flame-\d{4}-\d\d-\d\d-\d{6}\.png$/);
  assert.equal(png.bytes.subarray(1, 4).toString(), "PNG");
  const flame = (await saveAs(page, ".svg")).bytes.toString();
  assert.match(flame, /<svg[^]*main\.order/);
  const profile = await saveAs(page, ".pb.gz");
  assert.ok(gunzipSync(profile.bytes).includes("main.order"));
  await page.goto(`${at.cpu}graph`);
  await page.waitForSelector(".graph svg .node");
  assert.match((await saveAs(page, ".svg")).bytes.toString(), /<svg[^]*main\.order/);
  for (const name of ["top", "tree", "tags"]) {
    await page.goto(`${at.cpu}${name}`);
    await page.waitForSelector(VIEW_SIGNS[name]);
    const table = await saveAs(page, ".csv");
    assert.match(table.name, new RegExp(`-${name}-.*\\.csv$`));
    assert.ok(table.bytes.toString().split("\n")[0].includes(","), table.bytes.toString().slice(0, 80));
  }
  await page.goto(`${at.change}top`);
  await page.waitForSelector(".top-table td.name");
  assert.match((await saveAs(page, ".csv")).bytes.toString().split("\n")[0], /base|old|before|change/);
  await page.goto(`${at.cpu}flame?focus=nowhere_at_all`);
  await page.waitForSelector(".empty, .problem");
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("Control+k");
  await page.keyboard.type("save picture svg");
  await page.waitForFunction(() => document.querySelector("dialog [role=option]")?.textContent.includes(".svg"));
  await page.close();
});

await check("a saved page opens without a server", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fathom-saved-"));
  const file = join(folder, "saved.html");
  const page = await open({ acceptDownloads: true, offline: true });
  for (const [source, name, wanted] of [[INCIDENT, "explain", "explain"], [CPU, "flame?focus=main.order", "flame"], [CPU, "source?pattern=main.order", "source"]]) {
    execFileSync(binary, ["open", source, "-o", file, "--view", name], { stdio: "pipe" });
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector(VIEW_SIGNS[wanted]);
    assert.match(await page.textContent(".saved"), /read-only/);
    assert.equal(await page.locator("[aria-haspopup=menu]", { hasText: "Save" }).count(), 0);
    await picture(page, `saved-${wanted}`);
    for (const key of ["2", "3", "4", "5", "6", "7", "8", "9", "1"]) {
      await page.evaluate(() => document.activeElement?.blur());
      await page.keyboard.press(key);
      const view = ["explain", "flame", "top", "graph", "peek", "tree", "traces", "tags", "source"][key - 1];
      await page.waitForSelector(VIEW_SIGNS[view]);
      assert.equal(await page.locator(".problem").count(), 0, `${name}: ${view}`);
      assert.match(page.url(), new RegExp(`#${view}`));
    }
    await page.goBack();
    await page.waitForSelector(VIEW_SIGNS.source);
  }
  // What is not in it is said, not asked for.
  await page.goto(`${pathToFileURL(file).href}#top?focus=runtime`);
  await page.reload();
  await page.waitForSelector(".problem");
  assert.match(await page.textContent(".problem"), /Not in this file/);
  await picture(page, "saved-missing");
  await page.close();
  await rm(folder, { recursive: true });
});

await check("the browser saves the same page, without source code too", async () => {
  const page = await open({ acceptDownloads: true });
  await page.goto(`${at.cpu}flame`);
  await page.waitForSelector(canvas);
  const whole = await saveAs(page, "as one file");
  const shared = await saveAs(page, "without source code");
  assert.match(whole.name, /-flame-.*\.html$/);
  const [all, less] = [whole, shared].map((saved) => saved.bytes.toString());
  assert.match(all, /script-src 'sha256-/);
  // What the graph says of files stands in the head of its columns.
  const files = (text) => {
    const { answers } = JSON.parse(/id="saved">([^]*?)<\/script>/.exec(text)[1]);
    const body = Buffer.from(answers["api/v1/flame/columns"].base64, "base64");
    return JSON.parse(body.subarray(4, 4 + body.readUInt32LE(0)).toString()).files.filter(Boolean);
  };
  assert.ok(files(all).includes("fathom/testbed/cpu_profile/main.go"), files(all).join(" "));
  assert.ok(files(less).includes("main.go") && files(less).every((file) => !file.includes("/")), files(less).join(" "));
  assert.ok(less.length < all.length);
  await page.close();
});

/** Drops a file on the page, on the half of a letter. */
async function drop(page, path, name, letter) {
  const bytes = (await readFile(path)).toString("base64");
  const transfer = await page.evaluateHandle(([text, called]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], called));
    return data;
  }, [bytes, name]);
  await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
  await page.waitForSelector(".drop-zones");
  await picture(page, "drop");
  await page.dispatchEvent(`.drop-${letter}`, "drop", { dataTransfer: transfer });
}

await check("a dropped file is compared, and which two is in the address", async () => {
  const server = serve(CPU);
  const url = await server.url;
  const page = await open();
  await page.goto(`${url}flame`);
  await page.waitForSelector(canvas);
  await drop(page, OLDER_CPU, "older.pb.gz", "a");
  await page.waitForFunction(() => /B − A/.test(document.querySelector(".detail-numbers")?.textContent ?? ""));
  assert.equal(query(page).get("base"), "older.pb.gz");
  assert.match(await page.textContent(".title"), /A older\.pb\.gz → B cpu\.pb\.gz/);
  await picture(page, "compare-dropped");
  await page.reload();
  await page.waitForFunction(() => /B − A/.test(document.querySelector(".detail-numbers")?.textContent ?? ""));
  await page.click("[aria-label='Exchange A and B']");
  await page.waitForFunction(() => /A cpu\.pb\.gz → B older\.pb\.gz/.test(document.querySelector(".title")?.textContent ?? ""));
  assert.equal(query(page).get("profile"), "older.pb.gz");
  await page.goBack();
  await page.keyboard.press("3");
  await page.waitForSelector(".top-table td.name");
  assert.match(await page.textContent(".top-table thead"), /flat B − A/);
  await page.selectOption("[aria-label='Compared with']", "");
  await page.waitForFunction(() => !document.querySelector(".top-table thead")?.textContent.includes("B − A"));
  await drop(page, OLDER_CPU, "older.pb.gz", "b");
  await page.waitForFunction(() => location.search.includes("profile=older.pb.gz+%282%29"));
  // What is no profile is told, and changes nothing.
  const before = page.url();
  await drop(page, join(fixtures, "README.md"), "notes.md", "a");
  await page.waitForFunction(() => /notes\.md/.test(document.querySelector(".told")?.textContent ?? "") && !/Reading/.test(document.querySelector(".told")?.textContent ?? ""));
  assert.equal(page.url(), before);
  await page.close();
  server.end();
});

await check("two profiles of a bundle, and the base, can be chosen", async () => {
  const page = await open();
  await page.goto(`${at.states}flame?profile=heap`);
  await page.waitForFunction(() => /B − A/.test(document.querySelector(".detail-numbers")?.textContent ?? ""));
  assert.equal(await page.inputValue("[aria-label='Compared with']"), "base/heap");
  await picture(page, "compare-bundle");
  await page.selectOption("[aria-label='Compared with']", "");
  await page.waitForFunction(() => location.search.includes("base=-") && !/B − A/.test(document.querySelector(".detail-numbers")?.textContent ?? "B − A"));
  await page.selectOption("[aria-label='Profile']", "base/heap");
  await page.waitForFunction(() => location.search.includes("profile=base%2Fheap"));
  await page.selectOption("[aria-label='Compared with']", "heap");
  await page.waitForFunction(() => /B − A/.test(document.querySelector(".detail-numbers")?.textContent ?? ""));
  assert.match(await page.textContent(".title"), /A orders\.fathom heap → B healthy\.fathom heap/);
  await page.close();
});

await check("the pivot is chosen from a list, and matches around it are stepped through", async () => {
  const page = await open();
  await page.goto(`${at.cpu}flame?pivot=main.order`);
  await page.waitForSelector(".function-list [aria-current]");
  assert.equal(await page.textContent(".function-list [aria-current]"), "main.order");
  await page.locator(".function-list th button", { hasText: "Function" }).click();
  const names = await page.locator(".function-list td.name button").evaluateAll((all) => all.map((one) => one.title));
  assert.deepEqual(names, [...names].sort());
  await page.locator(".function-list th button", { hasText: "flat" }).click();
  const first = await page.locator(".function-list td.name button").first().getAttribute("title");
  await page.locator(".function-list td.name button").first().click();
  assert.equal(query(page).get("pivot"), first);
  await page.goto(`${at.cpu}flame?pivot=main.order&find=${encodeURIComponent("sort\\.|main\\.main")}`);
  await page.waitForSelector(".detail-found");
  await page.keyboard.press("n");
  await page.waitForFunction(() => /1 \//.test(document.querySelector(".detail-found")?.textContent ?? ""));
  const one = await page.textContent(".detail-name b");
  await page.keyboard.press("n");
  await page.waitForFunction(() => /2 \//.test(document.querySelector(".detail-found")?.textContent ?? ""));
  assert.notEqual(await page.textContent(".detail-name b"), one);
  assert.ok((await page.locator(".function-list td.name button").evaluateAll((all) => all.map((it) => it.title))).every((name) => /sort\.|main\.main/i.test(name)));
  await picture(page, "sandwich-list");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => !location.search.includes("pivot=main.order&"));
  await page.close();
});

await check("no view keeps anyone out, light and dark (axe)", async () => {
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  const told = [];
  for (const colorScheme of ["light", "dark"]) {
    // The page's own policy lets nothing else in.
    const page = await open({ colorScheme, bypassCSP: true });
    const addresses = Object.keys(VIEW_SIGNS).map((name) => [name, `${at.cpu}${name}`, VIEW_SIGNS[name]]);
    addresses.push(["findings", at.incident, ".findings"], ["change", `${at.change}flame`, canvas], ["change top", `${at.change}top`, ".top-table td.name"],
      ["pivot", `${at.cpu}flame?pivot=main.order`, ".function-list [aria-current]"], ["lines", `${at.cpu}source?pattern=main.order`, ".code"], ["states", at.states, ".fates"],
      ["goroutines", `${at.leak}goroutines`, ".groups .group"], ["memory map", `${at.incident}memory`, ".piece"]);
    for (const [name, address, sign] of addresses) {
      await page.goto(address);
      await page.waitForSelector(sign);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run(document));
      for (const { id, impact, nodes } of violations) {
        if (impact === "serious" || impact === "critical") told.push(`${colorScheme} ${name}: ${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 140)).join(" | ")}`);
      }
    }
    await page.close();
  }
  assert.deepEqual(told, []);
});

/** A dump of goroutines at one place: how many have waited how many minutes. */
function queue(waits) {
  let id = 0;
  const one = (minutes) => {
    id += 1;
    return `goroutine ${id} [chan send${minutes ? `, ${minutes} minutes` : ""}]:\nmain.push(0x1)\n\t/srv/app/queue.go:21 +0x1d\ncreated by main.serve in goroutine 1\n\t/srv/app/main.go:9 +0x5c\n`;
  };
  return waits.flatMap(([count, minutes]) => Array.from({ length: count }, () => one(minutes))).join("\n");
}

/** Runs in the page: texts whose colour is too near to their ground (WCAG AA). */
function contrasts() {
  const channels = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const poor = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!text || element.matches(".zero") || !element.checkVisibility?.()) continue;
    let ground = element;
    while (ground && (channels(getComputedStyle(ground).backgroundColor)[3] ?? 1) === 0) ground = ground.parentElement;
    const back = light(channels(ground ? getComputedStyle(ground).backgroundColor : "rgb(255,255,255)"));
    const front = light(channels(getComputedStyle(element).color));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) poor.add(`${element.tagName}.${element.className} ${ratio.toFixed(1)}`);
  }
  return [...poor];
}

for (const served of Object.values(all)) served.end();
await browser.close();
if (failures.length > 0) {
  console.error(failures.join("\n\n"));
  process.exit(1);
}
console.log(`${done} cases are well`);
process.exit(0);
