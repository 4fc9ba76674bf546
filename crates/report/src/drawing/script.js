// Pans and zooms the drawing, and shows the callers and callees of a box.
(function () {
  "use strict";
  var svg = document.documentElement;
  if (!svg || svg.localName !== "svg") return;
  var view = document.getElementById("view");
  var box = svg.viewBox.baseVal;
  var whole = { width: box.width, height: box.height };
  var ground = document.querySelector(".ground");
  var scale = 1, x = 0, y = 0;

  function clamp(value, low, high) {
    return Math.min(high, Math.max(low, value));
  }

  function show() {
    view.setAttribute("transform", "translate(" + x + " " + y + ") scale(" + scale + ")");
  }

  // All of the drawing, but never larger than it was made.
  function fit() {
    var width = window.innerWidth, height = window.innerHeight;
    svg.setAttribute("width", "100%");
    svg.setAttribute("height", "100%");
    svg.setAttribute("viewBox", "0 0 " + width + " " + height);
    ground.setAttribute("width", width);
    ground.setAttribute("height", height);
    scale = Math.min(1.4, width / whole.width, height / whole.height);
    x = (width - whole.width * scale) / 2;
    y = 0;
    show();
  }

  function zoom(factor, atX, atY) {
    var next = clamp(scale * factor, 0.02, 20);
    x = atX - (atX - x) * next / scale;
    y = atY - (atY - y) * next / scale;
    scale = next;
    show();
  }

  function zoomMiddle(factor) {
    zoom(factor, window.innerWidth / 2, window.innerHeight / 2);
  }

  function pan(right, down) {
    x += right;
    y += down;
    show();
  }

  svg.addEventListener("wheel", function (event) {
    event.preventDefault();
    var lines = event.deltaMode === 1 ? 16 : 1;
    zoom(Math.exp(-clamp(event.deltaY * lines, -240, 240) / 400), event.clientX, event.clientY);
  }, { passive: false });

  var pressed = null, moved = false;
  svg.addEventListener("pointerdown", function (event) {
    if (event.button !== 0) return;
    pressed = { x: event.clientX, y: event.clientY };
    moved = false;
  });
  svg.addEventListener("pointermove", function (event) {
    if (!pressed) return;
    var right = event.clientX - pressed.x, down = event.clientY - pressed.y;
    if (!moved && Math.abs(right) + Math.abs(down) < 4) return;
    if (!moved) svg.setPointerCapture(event.pointerId);
    moved = true;
    pan(right, down);
    pressed = { x: event.clientX, y: event.clientY };
  });
  window.addEventListener("pointerup", function () {
    pressed = null;
  });

  var chosen = null;
  var edges = Array.prototype.slice.call(document.querySelectorAll(".edge"));
  var boxes = Array.prototype.slice.call(document.querySelectorAll(".node, .tag"));

  // Fades what does not touch the chosen box.
  function choose(id) {
    chosen = id === chosen ? null : id;
    var near = {};
    near[chosen] = true;
    edges.forEach(function (edge) {
      var touches = chosen && (edge.dataset.from === chosen || edge.dataset.to === chosen);
      if (touches) near[edge.dataset.from] = near[edge.dataset.to] = true;
      edge.classList.toggle("faded", Boolean(chosen) && !touches);
    });
    boxes.forEach(function (node) {
      node.classList.toggle("faded", Boolean(chosen) && !near[node.id]);
    });
  }

  svg.addEventListener("click", function (event) {
    if (moved) return;
    var node = event.target.closest(".node");
    if (node) choose(node.id);
    else if (chosen) choose(chosen);
  });

  var step = 60;
  window.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    var act = {
      "+": function () { zoomMiddle(1.25); },
      "=": function () { zoomMiddle(1.25); },
      "-": function () { zoomMiddle(0.8); },
      "0": fit,
      "Home": fit,
      "Escape": function () { if (chosen) choose(chosen); else fit(); },
      "ArrowLeft": function () { pan(step, 0); },
      "ArrowRight": function () { pan(-step, 0); },
      "ArrowUp": function () { pan(0, step); },
      "ArrowDown": function () { pan(0, -step); }
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  window.addEventListener("resize", fit);
  fit();
})();
