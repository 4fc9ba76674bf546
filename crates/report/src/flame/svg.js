// Zooms and searches the frames.
(function () {
  "use strict";
  var svg = document.documentElement;
  if (!svg || svg.localName !== "svg") return;
  var holder = document.getElementById("frames");
  var margin = Number(holder.getAttribute("data-margin"));
  var room = svg.viewBox.baseVal.width - 2 * margin;
  var told = document.getElementById("told");
  var frames = Array.prototype.map.call(holder.children, function (group) {
    return {
      group: group,
      rect: group.querySelector("rect"),
      text: group.querySelector("text"),
      from: Number(group.getAttribute("data-x")),
      size: Number(group.getAttribute("data-w")),
      depth: Number(group.getAttribute("data-d")),
      fill: group.querySelector("rect").getAttribute("fill"),
      title: group.querySelector("title").textContent,
      name: group.querySelector("title").textContent.replace(/( \(inline\))?: (flat|base) [^:]*$/, ""),
      isHit: false
    };
  });
  var zoomed = frames[0];

  function label(frame, width) {
    var name = frame.text.getAttribute("data-n");
    var letters = Math.floor((width - 8) / 6.6);
    if (letters < 3) name = "";
    else if (letters < name.length) name = name.slice(0, letters - 1) + "\u2026";
    frame.text.textContent = name;
  }

  function zoom(to) {
    zoomed = to;
    var scale = room / Math.max(to.size, 1);
    frames.forEach(function (frame) {
      var from = (frame.from - to.from) * scale, width = frame.size * scale;
      var left = Math.max(from, 0), right = Math.min(from + width, room);
      var isIn = right - left > 0.05;
      frame.group.style.display = isIn ? "" : "none";
      frame.group.classList.toggle("faded", frame.depth < to.depth);
      if (!isIn) return;
      width = right - left;
      frame.rect.setAttribute("x", margin + left);
      frame.rect.setAttribute("width", Math.max(width - (width > 3 ? 0.8 : 0), 0.05));
      frame.text.setAttribute("x", margin + left + 4);
      label(frame, width);
    });
    document.getElementById("reset").setAttribute("visibility", to === frames[0] ? "hidden" : "visible");
    told.textContent = to === frames[0] ? " " : to.title;
  }

  function search() {
    var text = window.prompt("Search for a regular expression; nothing ends the search");
    if (text === null) return;
    var pattern = null;
    try {
      pattern = text && new RegExp(text, text === text.toLowerCase() ? "i" : "");
    } catch (error) {
      told.textContent = String(error.message);
      return;
    }
    var sum = 0, until = -1;
    frames.forEach(function (frame, place) {
      frame.isHit = Boolean(pattern) && place > 0 && pattern.test(frame.name);
      frame.rect.setAttribute("fill", frame.isHit ? "#ee82d9" : frame.fill);
      // Frames come depth first: what begins before `until` is inside the last match.
      if (frame.isHit && frame.from >= until) {
        sum += frame.size;
        until = frame.from + frame.size;
      }
    });
    told.textContent = pattern
      ? (100 * sum / Math.max(frames[0].size, 1)).toFixed(2) + " % matched " + text
      : " ";
  }

  frames.forEach(function (frame) {
    frame.group.addEventListener("click", function () { zoom(frame); });
    frame.group.addEventListener("mouseenter", function () { told.textContent = frame.title; });
  });
  var button = document.getElementById("search");
  button.setAttribute("visibility", "visible");
  button.addEventListener("click", search);
  button.setAttribute("class", "outside button");
  var reset = document.getElementById("reset");
  reset.setAttribute("class", "outside button");
  reset.addEventListener("click", function () { zoom(frames[0]); });
  window.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      zoom(frames[0]);
    } else if (event.key === "/" || (event.ctrlKey && event.key === "f")) {
      event.preventDefault();
      search();
    }
  });
})();
