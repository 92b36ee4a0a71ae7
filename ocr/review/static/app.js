// The page as a whole: which page is open, what a person does to it, and that it is kept.

import {$, el, button, say} from "./dom.js";
import {Changes, get, Refused} from "./api.js";
import {doubtsOf, fromServer, retext} from "./marks.js";
import {Lines} from "./lines.js";
import {Panels} from "./panels.js";
import {Photo} from "./photo.js";
import {texts} from "./texts.js";

const POLL = 2500; // milliseconds between looks at how far the other pages are
const HINTS = "ocr-review-hints"; // in the browser's store: that the hints were seen

const book = {pages: new Map(), version: -1, count: 0, done: 0, here: () => here};
let here = 0; // the page that is open
let page = null;
let changes = null;
let opening = 0;

const photo = new Photo({
  chosen: (id) => lines.focus(id, true),
  drawn: (mode, box) => change(mode === "line" ? {op: "new_line", box} : {op: "leave_out", box}, mode === "line"),
  takeIn: (region) => change({op: "take_in", region}),
  act: tool,
});

const lines = new Lines({
  typed: (line) => { changes.type(line.id, line.text); redraw(line); },
  confirm: (line, confirmed) => confirm(line, confirmed),
  chosen: (line, word) => { photo.mark(line.id, word); photo.reveal(line); },
  act: (name, line, more) => act(name, line, more),
  finished: () => finished(),
});

const panels = new Panels({
  open: (number, line) => open(number, line),
  insert: (sign) => lines.insert(sign),
  saved: () => (changes ? changes.flush() : Promise.resolve()),
  reread: () => open(here),
}, book);

// --- pages ---------------------------------------------------------------------------------

async function open(number, line, lose = false) {
  const asked = ++opening;
  const all = !changes || await changes.keepAll();
  if (asked !== opening) return false;
  if (!all && !lose) {
    $("banner").append(button(texts.leave, {onclick: () => { $("banner").hidden = true; open(number, line, true); }}));
    return false;
  }
  here = number;
  page = null;
  lines.forget();
  $("list").replaceChildren();
  $("finished").hidden = $("end").hidden = $("empty").hidden = true;
  wait(texts.reading);
  header();
  let view;
  try {
    view = await get(`api/pages/${number}`);
  } catch (error) {
    if (asked !== opening) return false;
    wait("");
    photo.close();
    const why = error instanceof Refused ? texts.failed(error.message) : texts.offline;
    $("empty").textContent = why;
    $("empty").hidden = false;
    poll();
    return false;
  }
  if (asked !== opening) return false;
  wait("");
  begin(view);
  notes(view.notes || []);
  $("lines").scrollTop = 0;
  history.replaceState(null, "", `#${number}`);
  if (line) lines.focus(line);
  else {
    const open_ = page.lines.filter((one) => !one.confirmed && !one.out);
    const first = open_.find((one) => doubtsOf(one).length) || open_[0] || page.lines[0];
    if (first) lines.focus(first.id, true);
  }
  poll();
  return true;
}

function begin(view) {
  if (changes) changes.stopped = true;
  changes = null;
  take(view, false);
  changes = new Changes(view, {
    keeping: () => kept(texts.keeping),
    kept: () => kept(texts.kept),
    failed: (error, change) => failed(error, change),
  });
  kept(texts.kept);
}

// Show a page as the server tells it, but for texts that were typed and are not kept yet.
function take(view, keep = true) {
  page = {...view, lines: view.lines.map(fromServer)};
  const typed = changes?.typed() || new Map();
  for (const line of page.lines) if (typed.has(line.id)) retext(line, typed.get(line.id));
  photo.open(page, keep);
  lines.open(page);
  $("empty").textContent = texts.nothing;
  $("empty").hidden = page.lines.length > 0;
  $("end").hidden = false;
  header();
}

function header() {
  const known = book.pages.get(here);
  $("name").textContent = known ? known.name : "";
  document.title = known ? `${known.name} – ${texts.title}` : texts.title;
  $("previous").disabled = !book.pages.has(here - 1);
  $("next").disabled = !book.pages.has(here + 1);
  const counted = page ? page.lines.filter((one) => !one.out) : [];
  const confirmed = counted.filter((one) => one.confirmed).length;
  const done = page && counted.length && confirmed === counted.length;
  const others = book.done - (known?.done ? 1 : 0) + (page ? (done ? 1 : 0) : known?.done ? 1 : 0);
  const pages = texts.progressPages(others, book.count);
  $("progress").textContent = page ? `${texts.progressLines(confirmed, counted.length)}, ${pages}` : pages;
  $("meter").value = counted.length ? confirmed / counted.length : 0;
  $("confirm-page").disabled = !counted.length || confirmed === counted.length;
  if (!done) $("finished").hidden = true;
}

async function poll() {
  clearTimeout(poll.timer);
  try {
    const latest = await get(`api/pages?since=${book.version}`);
    book.version = latest.version;
    book.count = latest.count;
    book.done = latest.done;
    for (const [id, name, state, count, confirmed, done, error] of latest.pages) {
      book.pages.set(id, {id, name, state, lines: count, confirmed, done, error});
    }
    header();
  } catch {
    // told where something is to be kept
  }
  poll.timer = setTimeout(poll, POLL);
}

// --- changes -------------------------------------------------------------------------------

// Do something to the page; with `fresh` the line that comes new is gone to.
async function change(what, fresh = false) {
  if (!page) return undefined; // it is being opened, or cannot be
  const slow = ["new_line", "turn", "find_again"].includes(what.op);
  if (slow) wait(texts.working);
  const before = new Set(page.lines.map((one) => one.id));
  const mine = changes;
  const data = await mine.send(what);
  if (slow) wait("");
  if (!data || mine !== changes) return data;
  if (data.page) {
    take(data.page);
    const added = page.lines.find((one) => !before.has(one.id));
    if (fresh && added) lines.focus(added.id, true);
  } else if (data.changed) update(data.changed);
  poll();
  return data;
}

// Take over lines as the server has them now, but for texts that were typed on meanwhile.
function update(changed) {
  for (const view of changed.map(fromServer)) {
    const row = lines.rows.get(view.id);
    if (!row || row.area.value !== view.text || changes.texts.has(view.id)) continue;
    Object.assign(row.line, view);
    if (lines.word?.line !== view.id) lines.refresh(row);
    redraw(row.line);
  }
  header();
}

function redraw(line) {
  const outline = $("overlay").querySelector(`[data-line="${line.id}"]`);
  if (!outline) return;
  outline.classList.toggle("confirmed", line.confirmed);
  outline.classList.toggle("doubtful", doubtsOf(line).length > 0);
}

async function confirm(line, confirmed) {
  line.confirmed = confirmed;
  lines.refresh(lines.rows.get(line.id));
  redraw(line);
  header();
  changes.flush(); // a step of its own, so that undo takes the confirmation back alone
  const data = await changes.send({op: "text", line: line.id, text: line.text, confirmed});
  if (data?.changed) update(data.changed);
}

function act(name, line, more = {}) {
  const at = page.lines.indexOf(line);
  if (name === "merge") change({op: "merge", line: line.id}).then(() => lines.focus(line.id));
  else if (name === "split") change({op: "split", line: line.id, at: characters(line.text, more.at)}, true);
  else if (name === "up") change({op: "move", line: line.id, by: -1});
  else if (name === "down") change({op: "move", line: line.id, by: 1});
  else if (name === "delete") {
    const next = page.lines[at + 1] || page.lines[at - 1];
    change({op: "delete", line: line.id}).then(() => { if (next) lines.focus(next.id); });
  } else if (name === "confirmPage") confirmPage();
}

const characters = (text, at) => [...text.slice(0, at)].length;

async function confirmPage() {
  const open_ = page.lines.filter((line) => !line.out && !line.confirmed);
  const show = (confirmed) => {
    for (const line of open_) line.confirmed = confirmed;
    for (const row of lines.rows.values()) { lines.refresh(row); redraw(row.line); }
    header();
  };
  show(true);
  lines.hideChoices();
  const [mine, opened] = [changes, opening];
  const data = await change({op: "confirm", confirmed: true});
  // Another page was opened meanwhile, or is being opened, or this one was changed.
  if (mine !== changes || opened !== opening) return;
  if (!data) {
    show(false);
    return;
  }
  const next = following();
  if (next) open(next.id);
  else finished();
}

// The next page that is not done.
const following = () =>
  [...book.pages.values()].find((one) => one.id > here && !one.done && one.state !== "failed");

function finished() {
  $("finished-text").textContent = texts.pageDone;
  const next = following();
  $("finished-next").hidden = !next;
  $("finished-next").onclick = () => open(next.id);
  $("finished").hidden = false;
  $("finished").scrollIntoView({block: "nearest"});
  if (next) $("finished-next").focus();
  say(texts.pageDone);
}

function tool(name) {
  if (!page) return;
  if (name === "line" || name === "out") photo.setMode(photo.mode === name ? "" : name);
  else if (name === "left" || name === "right") change({op: "turn", by: name === "left" ? 1 : -1});
  else if (name === "again") change({op: "find_again"});
}

// --- messages ------------------------------------------------------------------------------

function kept(text, bad = false) {
  $("kept").textContent = text;
  $("kept").classList.toggle("bad", bad);
}

function failed(error, what) {
  if (!(error instanceof Refused)) {
    kept(texts.notKept(""), true);
    banner(texts.offline);
    if (what.op === "text") {
      // It stays to be sent, should the server come back.
      changes.putBack(what);
      clearTimeout(changes.timer);
      changes.timer = setTimeout(() => changes.flush(), 2000);
    }
    return;
  }
  if (error.data.stale) {
    changes.stopped = true;
    if (what.op === "text") changes.putBack(what);
    const typed = changes.typed();
    begin(error.data.page);
    notes(error.data.page.notes || []);
    const mine = page.lines.filter((one) => typed.has(one.id) && typed.get(one.id) !== one.text);
    if (mine.length) {
      const its = here;
      const told = mine.map((one) => texts.staleText(typed.get(one.id)));
      banner([texts.stale, ...told].join(" "), button(texts.useMine(mine.length), {onclick: async () => {
        $("banner").hidden = true;
        if (here !== its && !await open(its)) return;
        for (const row of mine.map((one) => lines.rows.get(one.id)).filter(Boolean).reverse()) {
          lines.focus(row.line.id);
          row.area.value = typed.get(row.line.id);
          lines.input(row);
        }
      }}));
    } else banner(texts.stale);
    return;
  }
  kept(texts.notKept(""), true);
  banner(texts.notKept(error.message));
  if (what.op === "text") changes.putBack(what); // it goes with the next change
  else if (!changes.texts.size) kept(texts.kept);
}

function banner(text, ...more) {
  $("banner").replaceChildren(el("p", {}, text), ...more, button(texts.close, {onclick: () => { $("banner").hidden = true; }}));
  $("banner").hidden = false;
}

function wait(text) {
  document.querySelector(".wait")?.remove();
  if (text) $("stage").append(el("div", {class: "wait", role: "status"}, text));
}

function notes(all) {
  $("notes").replaceChildren(...all.map((one) => el("div", {class: "note"}, el("p", {}, texts.noteRows(one.rows, one.file, one.first)))));
  for (const warning of page.warnings) {
    $("notes").append(el("div", {class: "note"}, el("p", {}, warning)));
  }
}

function hints() {
  let seen = 0;
  try {
    seen = Number(localStorage.getItem(HINTS)) || 0;
  } catch {
    // a browser that stores nothing shows them again
  }
  const show = () => {
    $("hint").hidden = seen >= texts.hints.length;
    if ($("hint").hidden) return;
    $("hint").replaceChildren(el("p", {}, texts.hints[seen]), button(texts.hintsDone, {onclick: () => {
      seen += 1;
      try { localStorage.setItem(HINTS, String(seen)); } catch { /* as above */ }
      show();
    }}));
  };
  show();
}

// --- keys of the page as a whole -----------------------------------------------------------

function keys(e) {
  if ($("dialog").open) return;
  if (photo.key(e)) return;
  const command = e.ctrlKey || e.metaKey;
  const key = e.key.toLowerCase();
  const done = () => e.preventDefault();
  if (command && key === "z") { done(); change({op: e.shiftKey ? "redo" : "undo"}); }
  else if (command && key === "y") { done(); change({op: "redo"}); }
  else if (command && key === "k") { done(); panels.search(); }
  else if (e.key === "PageDown" && book.pages.has(here + 1)) { done(); open(here + 1); }
  else if (e.key === "PageUp" && book.pages.has(here - 1)) { done(); open(here - 1); }
  else if (e.altKey && key === "l") { done(); photo.byKeys("line"); }
  else if (e.altKey && key === "o") { done(); photo.byKeys("out"); }
  else if (e.altKey && key === "c") { done(); special(); }
}

function special() {
  lines.remember();
  panels.special();
}

function label(id, text, on, title) {
  const node = $(id);
  if (node.classList.contains("icon")) node.setAttribute("aria-label", text);
  else if (id !== "pages") node.textContent = text;
  node.title = title || text;
  node.addEventListener("click", on);
}

async function start() {
  $("heading").textContent = texts.title;
  $("skip").textContent = texts.skip;
  label("previous", texts.previousPage, () => open(here - 1));
  label("next", texts.nextPage, () => open(here + 1));
  label("pages", texts.pages, () => panels.pages());
  label("undo", texts.tools.undo, () => change({op: "undo"}));
  label("redo", texts.tools.redo, () => change({op: "redo"}));
  label("search", texts.searchShort, () => panels.search(), texts.search);
  label("export", texts.exportTitle, () => panels.export());
  label("learn", texts.learn.short, () => panels.learn(), texts.learn.title);
  label("help", texts.help, () => panels.keys());
  label("confirm-page", texts.confirmPage, () => confirmPage());
  label("special", texts.special, () => special());
  $("special").addEventListener("pointerdown", (e) => e.preventDefault());
  $("finished-next").textContent = texts.nextPage;
  $("photo").setAttribute("aria-label", texts.photo);
  $("lines").setAttribute("aria-label", texts.lines);
  document.addEventListener("keydown", keys);
  window.addEventListener("pagehide", () => changes?.leave());
  hints();
  await poll();
  const wanted = Number(location.hash.slice(1));
  if (book.pages.size) open(book.pages.has(wanted) ? wanted : book.pages.keys().next().value);
}

start();
