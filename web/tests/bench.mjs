// What one waits for on a page: node tests/bench.mjs CHROMIUM fathom|pprof PROGRAM PROFILE
//
// Starts the program on the profile, opens its flame graph in a Chromium that runs already,
// and prints as JSON, in milliseconds and bytes: when the first picture stood there, counted
// from the start of the program; how long a picture takes after the pointer moved to another
// frame, and after a zoom; and the most memory that the program held.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { chromium } from "playwright-core";

const [browserPath, kind, program, profile] = process.argv.slice(2);
const HOVERS = 200;
const ZOOMS = 20;
/** How long a program may take to its first picture; one without is told as such. */
const PATIENCE = 5 * 60 * 1000;

async function freePort() {
  const taken = createServer().listen(0, "localhost");
  await once(taken, "listening");
  const { port } = taken.address();
  taken.close();
  await once(taken, "close");
  return port;
}

const pages = {
  fathom: {
    arguments: ["open", "--no-browser", "--view", "flame", profile],
    path: "",
    isThere: () => (document.querySelector(".flame-canvas canvas")?.width ?? 0) > 300,
  },
  pprof: {
    arguments: [`-http=localhost:${await freePort()}`, "-no_browser", "-symbolize=none", profile],
    path: "/ui/flamegraph",
    isThere: () => document.querySelectorAll("#stack-chart .boxbg").length > 10,
  },
};

const page = pages[kind];
const launched = async (...flags) => {
  const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu", ...flags] });
  const tab = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  tab.setDefaultTimeout(PATIENCE);
  return { browser, tab };
};
const opened = await launched();
const begin = performance.now();
const child = spawn(program, page.arguments, { stdio: ["ignore", "pipe", "pipe"] });
process.on("exit", () => child.kill());
const url = await new Promise((resolve, reject) => {
  let text = "";
  const read = (bytes) => {
    text += bytes;
    const found = /http:\/\/\S+/.exec(text);
    if (found && text.includes("\n")) resolve(found[0]);
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  child.on("exit", (code) => reject(new Error(`${program} ended with ${code}: ${text}`)));
});
const listening = performance.now() - begin;
const address = url.replace(/\/$/, page.path ? "" : "/") + page.path;
const peakOf = async () => {
  const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
  return Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) * 1024;
};
try {
  await opened.tab.goto(address, { waitUntil: "commit" });
  await opened.tab.waitForFunction(page.isThere, undefined, { polling: 20 });
} catch (error) {
  console.error(`no picture: ${String(error).split("\n")[0]}`);
  console.log(JSON.stringify({ listening, first: null, peak: await peakOf() }));
  process.exit();
}
const first = performance.now() - begin;
await opened.browser.close();

// Pictures are not held back here until the screen is ready for one.
const { browser, tab } = await launched("--disable-frame-rate-limit", "--disable-gpu-vsync");
await tab.goto(address);
await tab.waitForFunction(page.isThere, undefined, { polling: 20 });

const result = await tab.evaluate(
  async ({ kind, hovers, zooms }) => {
    // A task after a frame's callbacks runs when its picture is made.
    const painted = () =>
      new Promise((resolve) => {
        const channel = new MessageChannel();
        channel.port1.onmessage = resolve;
        requestAnimationFrame(() => channel.port2.postMessage(0));
      });
    const quiet = (time) => new Promise((resolve) => setTimeout(resolve, time));
    let seed = 7;
    const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
    const timed = async (act) => {
      const from = performance.now();
      act();
      await painted();
      return performance.now() - from;
    };
    const boxes = () => [...document.querySelectorAll("#stack-chart .boxbg")];
    const canvas = () => document.querySelector(".flame-canvas canvas");
    const at = (type, x, y) => {
      const rect = canvas().getBoundingClientRect();
      const init = { bubbles: true, clientX: rect.left + x * rect.width, clientY: rect.top + y };
      canvas().dispatchEvent(type === "pointermove" ? new PointerEvent(type, init) : new MouseEvent(type, init));
    };
    const hover = {
      fathom: () => at("pointermove", random(), random() * 250),
      pprof: () => {
        const all = boxes();
        all[Math.floor(random() * all.length)].dispatchEvent(new MouseEvent("mouseenter"));
      },
    }[kind];
    await quiet(500);
    const moved = [];
    for (let turn = 0; turn < hovers; turn++) moved.push(await timed(hover));
    const zoomed = [];
    for (let turn = 0; turn < zooms; turn++) {
      if (kind === "fathom") {
        const before = location.href;
        const took = await timed(() => at("dblclick", random(), 30 + random() * 100));
        // Where there is no frame, nothing is zoomed to.
        if (location.href === before) continue;
        zoomed.push(took);
        await quiet(200);
        history.back();
      } else {
        const all = boxes();
        const box = all[Math.floor(random() * all.length)];
        zoomed.push(await timed(() => box.dispatchEvent(new MouseEvent("click", { bubbles: true }))));
        await quiet(200);
        boxes()[0]?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
      }
      await quiet(200);
    }
    const median = (all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)];
    return { hover: median(moved), zoom: median(zoomed), zooms: zoomed.length };
  },
  { kind, hovers: HOVERS, zooms: ZOOMS },
);
const peak = await peakOf();
child.removeAllListeners("exit");
await browser.close();
console.log(JSON.stringify({ listening, first, ...result, peak }));
process.exit();
