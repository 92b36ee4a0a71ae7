// The photo with its lines: zoom, pan, and boxes that a person draws.

import {$, icon, button, svg} from "./dom.js";
import {texts} from "./texts.js";
import {doubtsOf} from "./marks.js";

const LARGE = 1.1; // pixels of the screen for one of the middle picture, from which it gets larger
const MIDDLE = 1600;
const MOST = 8; // times its own size that a photo is enlarged

export class Photo {
  // listener: {chosen(line), drawn(what, box), takeIn(region), act(name)}
  constructor(listener) {
    this.listener = listener;
    this.page = null;
    this.scale = 1;
    this.x = this.y = 0;
    this.mode = "";
    this.pointers = new Map();
    this.box = null; // while it is drawn, in the photo as it is shown
    this.listen();
    this.makeTools();
  }

  makeTools() {
    const t = texts.tools;
    const plain = (name, more = {}) =>
      button(t[name], {id: `tool-${name}`, onclick: () => this.listener.act(name), ...more});
    const sign = (mark, name, act) => icon(mark, t[name], {id: `tool-${name}`, onclick: act});
    $("tools").setAttribute("aria-label", texts.photo);
    $("tools").replaceChildren(
      sign("+", "zoomIn", () => this.zoom(1.4)),
      sign("−", "zoomOut", () => this.zoom(1 / 1.4)),
      sign("⤢", "fit", () => this.fit()),
      plain("line", {"aria-pressed": "false", title: t.lineHint}),
      plain("out", {"aria-pressed": "false", title: t.outHint}),
      sign("⟲", "left", () => this.listener.act("left")),
      sign("⟳", "right", () => this.listener.act("right")),
      plain("again"),
    );
  }

  get size() {
    const {height, width, turns} = this.page;
    return turns % 2 ? [width, height] : [height, width];
  }

  // A place of the photo as it is stored, (row, col), on the photo as it is shown; and back.
  shown([y, x]) {
    const {height: h, width: w, turns} = this.page;
    return [[y, x], [w - x, y], [h - y, w - x], [x, h - y]][turns];
  }

  stored([y, x]) {
    const {height: h, width: w, turns} = this.page;
    return [[y, x], [x, w - y], [h - y, w - x], [h - x, y]][turns];
  }

  open(page, keep = false) {
    const same = keep && this.page && this.page.id === page.id && this.page.turns === page.turns;
    this.page = page;
    const [h, w] = this.size;
    $("sheet").style.width = `${w}px`;
    $("sheet").style.height = `${h}px`;
    $("overlay").setAttribute("viewBox", `0 0 ${w} ${h}`);
    $("image").alt = texts.photo;
    if (!same) {
      this.setMode("");
      this.side = 0;
      this.fit();
    }
    this.draw();
  }

  // Show none, where a page cannot be.
  close() {
    this.setMode("");
    this.page = null;
    $("image").removeAttribute("src");
    $("overlay").replaceChildren();
  }

  picture() {
    const stage = $("stage").getBoundingClientRect();
    const longer = Math.max(...this.size);
    const wanted = longer * this.scale * (window.devicePixelRatio || 1);
    const side = wanted > LARGE * MIDDLE && stage.width ? 3200 : MIDDLE;
    if (this.side >= side) return;
    this.side = side;
    const source = `photo/${this.page.id}/${side}/${this.page.turns}`;
    const next = new Image();
    next.onload = () => { if (this.page && source.startsWith(`photo/${this.page.id}/`)) $("image").src = source; };
    if (side === MIDDLE) $("image").src = source;
    else next.src = source;
  }

  draw() {
    const parts = [];
    for (const line of this.page.lines) {
      const points = line.outline.map((p) => this.shown(p)).map(([y, x]) => `${x},${y}`).join(" ");
      const state = line.out ? "out" : line.confirmed ? "confirmed"
        : doubtsOf(line).length ? "doubtful" : "";
      parts.push(svg("polygon", {
        points, class: `outline ${state}`, "data-line": line.id,
        onclick: () => { if (!this.moved && !this.mode) this.listener.chosen(line.id); },
      }));
    }
    this.page.regions.forEach((region, k) => {
      const [a, b] = [this.shown([region[0], region[1]]), this.shown([region[2], region[3]])];
      const back = () => { if (!this.moved && !this.mode) this.listener.takeIn(k); };
      parts.push(svg("rect", {
        x: Math.min(a[1], b[1]), y: Math.min(a[0], b[0]),
        width: Math.abs(a[1] - b[1]), height: Math.abs(a[0] - b[0]),
        class: "region", role: "button", tabindex: 0, "aria-label": texts.takeIn, onclick: back,
        onkeydown: (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); back(); } },
      }));
    });
    this.word = svg("polygon", {class: "word", points: ""});
    this.drawn = svg("rect", {class: "drawn", width: 0, height: 0});
    $("overlay").replaceChildren(...parts, this.word, this.drawn);
    this.mark(this.active);
  }

  // Show which line, and which word of it, is worked on.
  mark(line, word) {
    this.active = line;
    for (const one of $("overlay").querySelectorAll(".outline")) {
      one.classList.toggle("active", line !== undefined && Number(one.dataset.line) === line);
    }
    let points = "";
    if (word) {
      const [y1, x1, y2, x2] = word.box;
      points = [[y1, x1], [y1, x2], [y2, x2], [y2, x1]]
        .map((p) => this.shown(p)).map(([y, x]) => `${x},${y}`).join(" ");
    }
    this.word.setAttribute("points", points);
  }

  // Bring a line into view, and no further than it needs.
  reveal(line) {
    const rows = line.outline.map((p) => this.shown(p));
    const ys = rows.map((p) => p[0] * this.scale + this.y);
    const xs = rows.map((p) => p[1] * this.scale + this.x);
    const {width, height} = $("stage").getBoundingClientRect();
    const gap = 30;
    const by = (low, high, limit) => {
      if (high - low > limit - 2 * gap) return gap - low;
      if (low < gap) return gap - low;
      return high > limit - gap ? limit - gap - high : 0;
    };
    const dy = by(Math.min(...ys), Math.max(...ys), height);
    const dx = by(Math.min(...xs), Math.max(...xs), width);
    if (dy || dx) {
      $("sheet").classList.add("gliding");
      this.place(this.x + dx, this.y + dy, this.scale);
    }
  }

  fit() {
    if (!this.page) return;
    const {width, height} = $("stage").getBoundingClientRect();
    const [h, w] = this.size;
    if (!width || !height) return;
    // On a narrow screen as wide as it is, else whole.
    const scale = window.innerWidth < 900 ? (width - 8) / w : Math.min((width - 16) / w, (height - 16) / h);
    this.place((width - w * scale) / 2, Math.max(4, (height - h * scale) / 2), scale);
  }

  zoom(by, at) {
    if (!this.page) return;
    const stage = $("stage").getBoundingClientRect();
    const [h, w] = this.size;
    const least = Math.min(stage.width / w, stage.height / h) / 2;
    const scale = Math.min(MOST, Math.max(least, this.scale * by));
    const [x, y] = at ? [at.x - stage.left, at.y - stage.top] : [stage.width / 2, stage.height / 2];
    const share = scale / this.scale;
    this.place(x - (x - this.x) * share, y - (y - this.y) * share, scale);
  }

  place(x, y, scale) {
    const stage = $("stage").getBoundingClientRect();
    const [h, w] = this.size;
    const edge = 60; // pixels of the photo that stay in sight
    this.x = Math.min(stage.width - edge, Math.max(edge - w * scale, x));
    this.y = Math.min(stage.height - edge, Math.max(edge - h * scale, y));
    this.scale = scale;
    $("sheet").style.transform = `translate(${this.x}px, ${this.y}px) scale(${scale})`;
    $("sheet").style.setProperty("--scale", scale);
    this.picture();
  }

  // --- pointers and keys ------------------------------------------------------------------

  listen() {
    const stage = $("stage");
    stage.addEventListener("wheel", (e) => {
      e.preventDefault();
      $("sheet").classList.remove("gliding");
      if (e.ctrlKey || e.metaKey || !e.shiftKey) this.zoom(Math.exp(-e.deltaY / 500), e);
      else if (this.page) this.place(this.x - e.deltaX - e.deltaY, this.y, this.scale);
    }, {passive: false});
    stage.addEventListener("pointerdown", (e) => {
      if (e.button) return;
      $("sheet").classList.remove("gliding");
      this.pointers.set(e.pointerId, e);
      this.moved = false;
      this.begin = e;
      if (this.mode) this.box = [this.at(e), this.at(e)];
    });
    stage.addEventListener("pointermove", (e) => this.move(e));
    for (const name of ["pointerup", "pointercancel"]) {
      stage.addEventListener(name, (e) => this.up(e));
    }
    new ResizeObserver(() => { if (this.page) this.place(this.x, this.y, this.scale); }).observe(stage);
  }

  at(e) {
    const stage = $("stage").getBoundingClientRect();
    return [(e.clientY - stage.top - this.y) / this.scale, (e.clientX - stage.left - this.x) / this.scale];
  }

  move(e) {
    const before = this.pointers.get(e.pointerId);
    if (!before || !this.page) return;
    const far = Math.hypot(e.clientX - this.begin.clientX, e.clientY - this.begin.clientY);
    if (far > 4 && !this.moved) {
      this.moved = true;
      $("stage").setPointerCapture(e.pointerId);
      if (!this.mode) $("stage").classList.add("panning");
    }
    if (this.mode && this.box) {
      this.box[1] = this.at(e);
      this.show();
    } else if (this.pointers.size === 2) {
      const other = [...this.pointers.values()].find((one) => one.pointerId !== e.pointerId);
      const was = Math.hypot(before.clientX - other.clientX, before.clientY - other.clientY);
      const is = Math.hypot(e.clientX - other.clientX, e.clientY - other.clientY);
      this.zoom(is / Math.max(1, was), {x: (e.clientX + other.clientX) / 2, y: (e.clientY + other.clientY) / 2});
    } else if (this.moved) {
      this.place(this.x + e.clientX - before.clientX, this.y + e.clientY - before.clientY, this.scale);
    }
    this.pointers.set(e.pointerId, e);
  }

  up(e) {
    this.pointers.delete(e.pointerId);
    $("stage").classList.remove("panning");
    if (this.mode && this.box && this.moved) this.finish();
    // A click that ends a drag is none.
    setTimeout(() => { this.moved = false; }, 0);
  }

  show() {
    const [[y1, x1], [y2, x2]] = this.box;
    for (const [name, value] of Object.entries({
      x: Math.min(x1, x2), y: Math.min(y1, y2), width: Math.abs(x2 - x1), height: Math.abs(y2 - y1),
    })) this.drawn.setAttribute(name, value);
  }

  finish() {
    const [a, b] = this.box.map((p) => this.stored(p));
    const mode = this.mode;
    this.setMode("");
    this.listener.drawn(mode, [...a, ...b]);
  }

  setMode(mode) {
    this.mode = mode;
    this.box = null;
    this.drawn?.setAttribute("width", 0);
    $("stage").classList.toggle("drawing", Boolean(mode));
    for (const name of ["line", "out"]) {
      $(`tool-${name}`).setAttribute("aria-pressed", String(mode === name));
    }
  }

  // A box that the keyboard moves and sizes; Enter takes it.
  byKeys(mode) {
    if (!this.page) return;
    this.setMode(mode);
    const stage = $("stage").getBoundingClientRect();
    const middle = this.at({clientX: stage.left + stage.width / 2, clientY: stage.top + stage.height / 2});
    const [h, w] = [stage.height / this.scale / 14, stage.width / this.scale / 3];
    this.box = [[middle[0] - h / 2, middle[1] - w / 2], [middle[0] + h / 2, middle[1] + w / 2]];
    this.show();
  }

  key(e) {
    if (!this.mode) return false;
    const step = (e.ctrlKey ? 2 : 14) / this.scale;
    const by = {ArrowUp: [-step, 0], ArrowDown: [step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step]}[e.key];
    if (e.key === "Escape") this.setMode("");
    else if (e.key === "Enter" && this.box) this.finish();
    else if (by && this.box) {
      for (const point of e.shiftKey ? [this.box[1]] : this.box) {
        point[0] += by[0];
        point[1] += by[1];
      }
      this.show();
    } else return false;
    e.preventDefault();
    return true;
  }
}
