// Draws the frames of a flame graph, finds, zooms and tells about them.
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var depth = data.depth, count = depth.length;
  var value = data.value, own = data.own, start = data.start, fn = data.function;
  var base = data.base, isDifference = base.length > 0;
  var names = data.names, files = data.files;
  var ROW = 19, FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif";

  var inlined = new Uint8Array(count);
  data.inlined.forEach(function (frame) { inlined[frame] = 1; });
  // Depth first: a frame's callees are what follows until one is as high as it is.
  var parent = new Int32Array(count), end = new Int32Array(count), deepest = 0;
  (function () {
    var path = [];
    for (var i = 0; i < count; i++) {
      while (path.length > depth[i]) end[path.pop()] = i;
      parent[i] = path.length ? path[path.length - 1] : -1;
      path.push(i);
      if (depth[i] > deepest) deepest = depth[i];
    }
    while (path.length) end[path.pop()] = count;
  })();

  var byId = function (id) { return document.getElementById(id); };
  var scroll = byId("scroll"), sheet = byId("sheet"), canvas = byId("canvas");
  var tip = byId("tip"), status = byId("status"), search = byId("search");
  var matched = byId("matched"), resetButton = byId("reset");
  var context = canvas.getContext("2d");
  var isDark = window.matchMedia("(prefers-color-scheme: dark)");
  var isCalm = window.matchMedia("(prefers-reduced-motion: reduce)");

  var rootBelow = data.up, zoomed = 0, selected = 0, hovered = -1, hasKeys = false;
  var shown = { from: start[0], to: start[0] + Math.max(value[0], 1) };
  var width = 0, height = 0;
  var hits = null, hitFunctions = null;

  // ---- numbers

  function formatted(number) {
    var size = Math.abs(number), unit = data.units[0];
    data.units.forEach(function (other) { if (size >= other.from) unit = other; });
    var text = (number / unit.size).toFixed(2).replace(/\.00$/, "");
    return text === "0" || text === "-0" ? "0" : text + unit.name;
  }

  function signed(number) {
    return (number > 0 ? "+" : "") + formatted(number);
  }

  function percent(part, whole) {
    if (!whole) return "0 %";
    var share = Math.abs(100 * part / whole);
    return (share >= 10 ? share.toFixed(1) : share >= 0.1 ? share.toFixed(2) : share.toPrecision(1)) + " %";
  }

  // ---- colours

  function tint(hue, saturation, lightness) {
    if (isDark.matches) {
      saturation *= 0.75;
      lightness *= 0.52;
    }
    return "hsl(" + hue + " " + saturation + "% " + lightness + "%)";
  }

  function changeColour(i) {
    var before = base[i], now = value[i], larger = Math.max(before, now);
    if (larger <= 0 || before === now) return tint(215, 8, 85);
    var part = (now - before) / larger, size = Math.sqrt(Math.abs(part));
    return tint(part > 0 ? 8 : 214, 25 + 55 * size, 88 - 22 * size);
  }

  var packageColours;
  function paint() {
    packageColours = data.packages.map(function (entry) {
      return tint(entry[1], entry[2], entry[3]);
    });
  }

  function colour(i) {
    if (i === 0) return tint(215, 8, 90);
    return isDifference ? changeColour(i) : packageColours[data.package[fn[i]]];
  }

  // ---- drawing

  function rows() {
    return deepest + 1;
  }

  function rowTop(level) {
    return rootBelow ? (rows() - 1 - level) * ROW : level * ROW;
  }

  function isAbove(i, other) {
    return i <= other && other < end[i];
  }

  function textOf(i) {
    return data.short[fn[i]];
  }

  function drawFrame(i, left, right, top, ink) {
    var isAncestor = i !== zoomed && isAbove(i, zoomed);
    var isFaded = isAncestor || (hits && !hitFunctions[fn[i]]);
    context.globalAlpha = isFaded ? 0.42 : 1;
    context.fillStyle = hits && hitFunctions[fn[i]] ? (isDark.matches ? "#a0398f" : "#ee82d9") : colour(i);
    var wide = right - left;
    var gap = wide > 3 ? 1 : 0;
    context.fillRect(left, top, wide - gap, ROW - 1);
    context.globalAlpha = 1;
    if (i === selected && hasKeys || i === hovered) {
      context.strokeStyle = ink;
      context.lineWidth = i === hovered ? 1 : 2;
      context.strokeRect(left + 0.5, top + 0.5, Math.max(wide - gap - 1, 1), ROW - 2);
    }
    // The text stands where its frame can be seen.
    var from = Math.max(left, 0) + 4, room = Math.min(right, width) - from - 4;
    if (room < 22) return;
    var text = textOf(i);
    context.font = inlined[i] ? "italic " + FONT : FONT;
    var long = context.measureText(text).width;
    if (long > room) {
      var letters = Math.floor(text.length * room / long) - 1;
      if (letters < 3) return;
      text = text.slice(0, letters) + "\u2026";
    }
    context.fillStyle = ink;
    context.globalAlpha = isFaded ? 0.75 : 1;
    context.fillText(text, from, top + ROW / 2);
    context.globalAlpha = 1;
  }

  // Calls `each` for the frames that can be seen, with their place on the canvas.
  function walk(each) {
    var range = shown.to - shown.from, scale = width / range;
    var top = scroll.scrollTop;
    for (var i = 0; i < count;) {
      var left = (start[i] - shown.from) * scale, right = left + value[i] * scale;
      if (right <= 0 || left >= width || right - left < 0.35) {
        i = end[i];
        continue;
      }
      var y = rowTop(depth[i]) - top;
      if (y > -ROW && y < height && each(i, left, right, y)) return;
      i++;
    }
  }

  var isWaiting = false;
  function draw() {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(function () {
      isWaiting = false;
      var ratio = window.devicePixelRatio || 1;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      context.textBaseline = "middle";
      var ink = isDark.matches ? "#f1f3f5" : "#1b1d21";
      walk(function (i, left, right, y) { drawFrame(i, left, right, y, ink); });
    });
  }

  function resize() {
    var ratio = window.devicePixelRatio || 1;
    width = scroll.clientWidth;
    height = Math.max(60, scroll.clientHeight);
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
    sheet.style.height = Math.max(rows() * ROW, height) + "px";
    draw();
  }

  // ---- zooming

  function animate(to) {
    var from = { from: shown.from, to: shown.to }, begun = null;
    if (isCalm.matches) {
      shown = to;
      draw();
      return;
    }
    function step(now) {
      if (begun === null) begun = now;
      var part = Math.min(1, (now - begun) / 160), eased = part * (2 - part);
      shown = {
        from: from.from + (to.from - from.from) * eased,
        to: from.to + (to.to - from.to) * eased
      };
      draw();
      if (part < 1) requestAnimationFrame(step);
    }
    requestAnimationFrame(step);
  }

  function zoom(i) {
    if (value[i] <= 0) return;
    zoomed = i;
    resetButton.disabled = i === 0;
    animate({ from: start[i], to: start[i] + value[i] });
    reveal(i);
    tellMatched();
    tell(i);
  }

  // Scrolls so that a frame can be seen.
  function reveal(i) {
    var top = rowTop(depth[i]);
    if (top < scroll.scrollTop + ROW) scroll.scrollTop = top - 2 * ROW;
    else if (top > scroll.scrollTop + height - 2 * ROW) scroll.scrollTop = top - height + 3 * ROW;
  }

  // ---- telling

  function cell(row, text) {
    row.insertCell().textContent = text;
  }

  function shares(i) {
    var list = [
      ["flat", own[i], data.total],
      ["cum", value[i], data.total]
    ];
    if (isDifference) list = [["base", base[i], data.baseTotal], ["new", value[i], data.total]];
    return list;
  }

  function sentence(i) {
    var text = names[fn[i]] + (inlined[i] ? " (inline)" : "");
    text += shares(i).map(function (entry) {
      return ", " + entry[0] + " " + formatted(entry[1]) + " (" + percent(entry[1], entry[2]) + ")";
    }).join("");
    if (isDifference) text += ", change " + signed(value[i] - base[i]);
    else if (zoomed !== 0 && isAbove(zoomed, i)) {
      text += ", " + percent(value[i], value[zoomed]) + " of " + textOf(zoomed);
    }
    return text;
  }

  function tell(i) {
    status.textContent = i < 0 ? "" : sentence(i);
  }

  function showTip(i, x, y) {
    if (i < 0) {
      tip.style.display = "none";
      return;
    }
    tip.textContent = "";
    var title = document.createElement("b");
    title.textContent = names[fn[i]] + (inlined[i] ? " (inline)" : "");
    tip.append(title);
    if (files[fn[i]]) {
      var file = document.createElement("div");
      file.className = "file";
      file.textContent = files[fn[i]];
      tip.append(file);
    }
    var table = document.createElement("table");
    shares(i).forEach(function (entry) {
      var row = table.insertRow();
      cell(row, entry[0]);
      cell(row, formatted(entry[1]));
      cell(row, percent(entry[1], entry[2]));
    });
    if (isDifference) {
      var row = table.insertRow();
      cell(row, "change");
      cell(row, signed(value[i] - base[i]));
      cell(row, base[i] ? (value[i] < base[i] ? "\u2212" : "+") + percent(value[i] - base[i], base[i]) : "new");
    } else if (zoomed !== 0 && isAbove(zoomed, i)) {
      var part = table.insertRow();
      cell(part, "of what is zoomed");
      cell(part, "");
      cell(part, percent(value[i], value[zoomed]));
    }
    tip.append(table);
    tip.style.display = "block";
    var box = tip.getBoundingClientRect();
    var left = x + 14 + box.width > window.innerWidth ? x - box.width - 10 : x + 14;
    var below = y + 18 + box.height > window.innerHeight ? y - box.height - 10 : y + 18;
    tip.style.left = Math.max(4, left) + "px";
    tip.style.top = Math.max(4, below) + "px";
  }

  // ---- finding

  function find() {
    var text = search.value.trim(), pattern = null;
    search.classList.remove("wrong");
    if (text) {
      // Capitals count where there are any.
      var flags = text === text.toLowerCase() ? "i" : "";
      try {
        pattern = new RegExp(text, flags);
      } catch (error) {
        search.classList.add("wrong");
        pattern = new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), flags);
      }
    }
    hits = pattern !== null;
    hitFunctions = hits && names.map(function (name, place) {
      return place !== 0 && pattern.test(name);
    });
    tellMatched();
    draw();
  }

  // What matching frames hold, each sample counted once, below what is zoomed.
  function tellMatched() {
    if (!hits) {
      matched.textContent = "";
      return;
    }
    var sum = 0, found = 0;
    for (var i = zoomed; i < end[zoomed];) {
      if (hitFunctions[fn[i]]) {
        sum += value[i];
        found++;
        i = end[i];
      } else {
        i++;
      }
    }
    matched.textContent = found
      ? percent(sum, value[zoomed]) + " matched, " + formatted(sum)
      : "nothing matches";
  }

  // ---- pointer and keys

  function at(event) {
    var box = canvas.getBoundingClientRect();
    var x = event.clientX - box.left, y = event.clientY - box.top, found = -1;
    walk(function (i, left, right, top) {
      if (x >= left && x < right && y >= top && y < top + ROW) {
        found = i;
        return true;
      }
    });
    return found;
  }

  canvas.addEventListener("pointermove", function (event) {
    var i = at(event);
    canvas.style.cursor = i < 0 ? "default" : "pointer";
    showTip(i, event.clientX, event.clientY);
    if (i === hovered) return;
    hovered = i;
    tell(i < 0 ? zoomed : i);
    draw();
  });
  canvas.addEventListener("pointerleave", function () {
    hovered = -1;
    showTip(-1);
    tell(zoomed);
    draw();
  });
  canvas.addEventListener("click", function (event) {
    var i = at(event);
    if (i < 0) return;
    selected = i;
    zoom(i);
  });
  canvas.addEventListener("blur", function () {
    hasKeys = false;
    draw();
  });

  function visible(i) {
    return value[i] > 0;
  }

  function callee(i) {
    return i + 1 < end[i] && visible(i + 1) ? i + 1 : -1;
  }

  function sibling(i, way) {
    if (i === 0) return -1;
    if (way > 0) return end[i] < end[parent[i]] && visible(end[i]) ? end[i] : -1;
    var before = parent[i] + 1, last = -1;
    for (; before < i; before = end[before]) last = before;
    return last;
  }

  function select(i) {
    if (i < 0) return;
    hasKeys = true;
    selected = i;
    var outside = start[i] + value[i] <= shown.from || start[i] >= shown.to;
    if (outside || i < zoomed) zoom(i < zoomed ? i : parent[i]);
    reveal(i);
    tell(i);
    draw();
  }

  function reset() {
    if (search.value) {
      search.value = "";
      find();
    } else {
      selected = 0;
      zoom(0);
    }
  }

  function flip() {
    rootBelow = !rootBelow;
    scroll.scrollTop = rootBelow ? scroll.scrollHeight : 0;
    reveal(zoomed);
    draw();
  }

  var help = byId("help");
  window.addEventListener("keydown", function (event) {
    if (event.altKey || event.metaKey || help.open) return;
    if (event.ctrlKey && event.key.toLowerCase() !== "f") return;
    if (event.target === search) {
      if (event.key === "Escape") {
        reset();
        canvas.focus();
      } else if (event.key === "Enter") {
        canvas.focus();
      }
      return;
    }
    var act = {
      "/": function () { search.focus(); search.select(); },
      "f": function () { search.focus(); search.select(); },
      "i": flip,
      "r": function () { selected = 0; zoom(0); },
      "0": function () { selected = 0; zoom(0); },
      "?": function () { help.showModal(); },
      "Escape": reset,
      "Backspace": function () { zoom(parent[zoomed] < 0 ? 0 : parent[zoomed]); },
      "u": function () { zoom(parent[zoomed] < 0 ? 0 : parent[zoomed]); },
      "ArrowLeft": function () { select(sibling(selected, -1)); },
      "ArrowRight": function () { select(sibling(selected, 1)); },
      "ArrowDown": function () { select(rootBelow ? parent[selected] : callee(selected)); },
      "ArrowUp": function () { select(rootBelow ? callee(selected) : parent[selected]); }
    }[event.key];
    var isButton = event.target.tagName === "BUTTON" || event.target.tagName === "SUMMARY";
    if (event.key === "Enter" && !isButton) act = function () { zoom(selected); };
    if (!act) return;
    event.preventDefault();
    act();
  });

  search.addEventListener("input", find);
  resetButton.addEventListener("click", function () { selected = 0; zoom(0); });
  byId("flip").addEventListener("click", flip);
  byId("keys").addEventListener("click", function () { help.showModal(); });
  scroll.addEventListener("scroll", draw);
  window.addEventListener("resize", resize);
  isDark.addEventListener("change", function () { paint(); legend(); draw(); });

  // ---- what the colours mean

  function swatch(list, fill, text) {
    var entry = document.createElement("span"), mark = document.createElement("i");
    mark.style.background = fill;
    entry.append(mark, text);
    list.append(entry);
  }

  function legend() {
    var list = byId("legend");
    list.textContent = "";
    if (isDifference) {
      swatch(list, tint(8, 80, 66), "holds more than in the base");
      swatch(list, tint(214, 80, 66), "holds less");
      swatch(list, tint(215, 8, 85), "the same");
      return;
    }
    var sums = data.packages.map(function () { return 0; });
    for (var i = 1; i < count; i++) sums[data.package[fn[i]]] += own[i];
    var order = sums.map(function (_, place) { return place; });
    order.sort(function (a, b) { return sums[b] - sums[a]; });
    order.slice(0, 8).forEach(function (place) {
      if (!sums[place]) return;
      var name = data.packages[place][0] || "(no package)";
      swatch(list, packageColours[place], name + " " + percent(sums[place], data.total));
    });
  }

  paint();
  legend();
  resize();
  if (rootBelow) scroll.scrollTop = scroll.scrollHeight;
  tell(0);
})();
