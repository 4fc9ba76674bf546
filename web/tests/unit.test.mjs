// The parts of the page that need no browser: node --test tests/unit.test.mjs
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const [state, format, columns, layout, find, colour, keys, pieces, processes] = await load(
  "state", "format", "flame/columns", "flame/layout", "flame/find", "flame/colour", "keys", "map/pieces", "history/together",
);

test("an address changes by steps", () => {
  const route = state.parse("/token/flame", "?focus=main&path=0011");
  assert.equal(route.view, "flame");
  assert.equal(state.address(route, "flame", { ignore: "x" }), "flame?focus=main&ignore=x", "other stacks, other frames");
  assert.equal(state.address(route, "flame", { find: "x" }), "flame?find=x&focus=main&path=0011");
  assert.equal(state.address(route, "top", {}), "top?focus=main", "the zoom is the flame graph's");
  assert.equal(state.address(route, "flame", { focus: null, path: null }), "flame");
});

test("patterns of names", () => {
  const pattern = state.exactly("net/http.(*conn).serve");
  assert.equal(pattern, "^net/http\\.\\(\\*conn\\)\\.serve$");
  assert.ok(new RegExp(pattern).test("net/http.(*conn).serve"));
  assert.equal(state.readable(pattern), "net/http.(*conn).serve");
  assert.equal(state.either(null, "a"), "a");
  assert.equal(state.either("a", "b"), "a|b");
  assert.equal(state.either("a|b", "b"), "a|b");
  assert.equal(state.readable("^a\\.b$|c.*"), "a.b or c.*");
});

test("numbers are written as in the terminal", () => {
  const cases = [
    [format.bytes(0), "0 B"], [format.bytes(1), "1 B"], [format.bytes(1024), "1 kB"], [format.bytes(1536), "1.50 kB"],
    [format.bytes(-5 << 20), "−5 MB"], [format.bytes(1023.7 * 1024), "1.00 MB"], [format.bytes(650_117_120), "620 MB"],
    [format.nanoseconds(0), "0 s"], [format.nanoseconds(1_500), "1.50 µs"], [format.nanoseconds(12_345_678_901), "12.3 s"],
    [format.count(20010), "20,010"], [format.percent(1, 3), "33.3 %"], [format.percent(1, 1e9), "<0.1 %"], [format.percent(5, 5), "100 %"],
    [format.growth(0, 5), "new"], [format.growth(5, 0), "gone"], [format.growth(100, 150), "+50.0 %"], [format.growth(1, 30), "×30"],
    [format.amount(2048, "bytes"), "2 kB"], [format.amount(3, "milliseconds"), "3 ms"], [format.change(-3, "count"), "−3"],
    [format.shortName("github.com/a/b.(*T).F"), "b.(*T).F"], [format.shortName("slices.Sort[github.com/a/b.T]"), "slices.Sort[github.com/a/b.T]"],
  ];
  for (const [written, expected] of cases) assert.equal(written, expected);
});

/** A body as the server sends it: all, main, work (b), wait (a). */
function body() {
  const u32 = { parent: [0, 0, 1, 1], depth: [0, 1, 2, 2], function: [0, 1, 2, 3], inlined: [0, 0, 0, 0], hash: [1, 2, 0xabc, 4] };
  const i64 = { value: [10, 10, 8, 2], own: [0, 0, 8, 2], start: [0, 0, 0, 8], values0: [10, 10, 8, 2], values1: [1, -7, 2 ** 40 + 3, -(2 ** 52)] };
  const list = [];
  let offset = 0;
  const slab = new DataView(new ArrayBuffer(1024));
  for (const [type, all] of [["u32", u32], ["i64", i64]]) {
    for (const [name, values] of Object.entries(all)) {
      offset = Math.ceil(offset / 8) * 8;
      list.push({ name, type, offset, length: values.length });
      for (const value of values) {
        if (type === "u32") slab.setUint32(offset, value, true);
        else slab.setBigInt64(offset, BigInt(value), true);
        offset += type === "u32" ? 4 : 8;
      }
    }
  }
  const head = new TextEncoder().encode(JSON.stringify({
    heading: { sample_unit: "count" }, filters: [], total: 10, base_total: null, names: ["all", "main", "b", "a"], files: ["", "", "", ""],
    packages: ["", "main", "runtime", "net/http"], sample_types: [], left_out: { below: 1, frames: 0, value: 0 }, gone: [], notes: [], frames: 4, columns: list,
  }));
  const begin = Math.ceil((4 + head.length) / 8) * 8;
  const whole = new Uint8Array(begin + offset);
  new DataView(whole.buffer).setUint32(0, head.length, true);
  whole.set(head, 4);
  whole.set(new Uint8Array(slab.buffer, 0, offset), begin);
  return whole.buffer;
}

test("columns are read, and frames named by their way", () => {
  const flame = columns.decode(body());
  assert.deepEqual([...flame.value], [10, 10, 8, 2]);
  assert.equal(flame.values.length, 2);
  assert.deepEqual([...flame.values[1]], [1, -7, 2 ** 40 + 3, -(2 ** 52)], "as exactly as numbers are");
  assert.equal(columns.pathOf(flame, 2), "0000000200000abc");
  assert.equal(columns.frameAt(flame, "0000000200000abc"), 2);
  assert.equal(columns.frameAt(flame, "00000002ffffffff"), 1, "as far as the way leads");
  assert.equal(columns.frameAt(flame, ""), 0);
  assert.deepEqual(columns.lineage(flame, 3), [0, 1, 3]);
});

test("frames stand by weight or by name, and are hit", () => {
  const flame = columns.decode(body());
  const heavy = layout.layOut(flame, "heavy");
  assert.deepEqual(heavy.levels.map((level) => [...level]), [[0], [1], [2, 3]]);
  assert.equal(layout.hit(flame, heavy, 2, 7.9), 2);
  assert.equal(layout.hit(flame, heavy, 2, 8), 3);
  assert.equal(layout.hit(flame, heavy, 3, 1), -1);
  const named = layout.layOut(flame, "name");
  assert.deepEqual([...named.levels[2]], [3, 2]);
  assert.equal(layout.hit(flame, named, 2, 1), 3);
  assert.equal(layout.hit(flame, named, 2, 2.5), 2);
});

test("a search counts each sample once", () => {
  const flame = columns.decode(body());
  assert.equal(find.find(flame, ""), null);
  const both = find.find(flame, "^(main|b)$");
  assert.deepEqual([both.cum, both.own, both.frames], [10, 8, [1]]);
  assert.deepEqual(find.find(flame, "A").frames, [3, 1].sort((a, b) => flame.value[b] - flame.value[a]).filter((frame) => frame !== 3), "inside another match");
  const half = find.find(flame, "(");
  assert.ok(half.error && half.frames.length === 0);
});

test("a colour is a function of the name, and the runtime is grey", () => {
  const flame = columns.decode(body());
  const of = colour.colours(flame, "package", { isDark: false });
  assert.match(of(2), /^hsl\(210 12%/);
  assert.notEqual(of(1), of(3));
  assert.equal(of(3), colour.colours(flame, "package", { isDark: false })(3));
  assert.equal(colour.moduleOf("github.com/a/b/c/d"), "github.com/a/b");
  assert.equal(colour.moduleOf("net/http"), "net");
});

test("keys", () => {
  const ran = [];
  const bindings = [{ key: "n", what: "", group: "Views", run: () => ran.push("n") }];
  assert.equal(keys.find(bindings, { key: "n", ctrlKey: true }), undefined, "the browser's own");
  keys.find(bindings, { key: "n" }).run();
  assert.deepEqual(ran, ["n"]);
  assert.equal(keys.written("ArrowUp"), "↑");
});

test("mappings that touch are a run, and what lies between is told", () => {
  const row = (start, end, kind = "file-mapped", resident_bytes = 0) => ({ start: start.toString(16), end: end.toString(16), kind, amounts: { size_bytes: Number(end - start), resident_bytes } });
  const arena = 64n << 20n;
  const mappings = [
    row(0x400000n, 0x402000n), row(0x402000n, 0x403000n, "binary-data", 4096),
    row(0xc000000000n, 0xc000000000n + 3n * arena, "go-arena", 8192),
    row(0xffffffffff600000n, 0xffffffffff601000n, "kernel"),
  ];
  const runs = pieces.runs(mappings, Number(arena));
  assert.deepEqual(runs.map((run) => run.pieces.map((piece) => piece.place)), [[0, 1], [2], [3]]);
  assert.equal(runs[1].gap, 0xc000000000 - 0x403000);
  assert.ok(runs[2].gap > 2 ** 63, "addresses beyond what numbers hold keep their order");
  assert.deepEqual(runs[1].pieces[0].ticks, [1 / 3, 2 / 3]);
  assert.equal(pieces.widthOf(16 * 4096), 2 * pieces.widthOf(4096));
  const few = pieces.runs(mappings, Number(arena), 2);
  assert.deepEqual(few.map((run) => [run.leftOut, run.pieces[0].place]), [[1, 1], [0, 2]]);
});

test("lines of several processes stand at all their times", () => {
  const curves = (times, label, mean) => ({ title: "Memory", unit: "bytes", style: "stacked", times, lines: [{ label: "other", mean: times.map(() => 9) }, { label, mean }] });
  const made = processes.together("RSS", [
    { name: "a", curves: curves([10, 20], "RSS", [1, 2]) },
    { name: "b", curves: curves([20, 30], "RSS", [null, 4]) },
    { name: "c", curves: curves([30], "none", [5]) },
  ]);
  assert.deepEqual(made.times, [10, 20, 30]);
  assert.deepEqual(made.lines, [{ label: "a", mean: [1, 2, null] }, { label: "b", mean: [null, null, 4] }]);
  assert.equal(made.title, "Memory: RSS");
  assert.equal(made.style, "lines");
  assert.equal(processes.together("RSS", []), null);
  const nearest = (place, value) => processes.nearestTo(made.lines, place, value)?.label ?? null;
  assert.deepEqual([nearest(0, 100), nearest(1, 0), nearest(2, 0)], ["a", "a", "b"]);
  assert.equal(processes.nearestTo([], 0, 0), null);
  assert.deepEqual(processes.split("http/a/b c"), ["http", "a/b c"]);
});

test("two processes are picked at most", () => {
  const picks = ["a", "b", "c", "b", "b"].reduce((all, id) => [...all, processes.withPick(all.at(-1), id)], [null]);
  assert.deepEqual(picks, [null, "a", "a,b", "b,c", "c", "c,b"]);
  assert.equal(processes.withPick("a", "a"), null);
  const targets = [{ id: "a" }, { id: "b" }];
  assert.deepEqual(processes.pickedOf("b,gone,a", targets).map((target) => target.id), ["b", "a"]);
  assert.deepEqual(processes.pickedOf(null, targets), []);
});
