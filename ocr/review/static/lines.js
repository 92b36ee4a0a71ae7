// The lines of a page, each with its strip above its text field.

import {$, el, button, icon, say} from "./dom.js";
import {texts} from "./texts.js";
import {doubtsOf, retext} from "./marks.js";

const STRONG = 0.8; // probability of being right under which a place is marked more strongly
const AT_ONCE = 24; // lines that are laid out before the first are painted, and then at a time

export class Lines {
  // listener: {typed(line), confirm(line, whether), chosen(line, word), act(name, line, more), finished()}
  constructor(listener) {
    this.listener = listener;
    this.rows = new Map();
    this.lines = [];
    this.later = []; // lines of a page just opened that are still to be shown
    this.current = null;
    this.word = null; // {line, from, to, options, at}: the word whose choices are shown
    $("list").setAttribute("aria-label", texts.lines);
    $("choices").setAttribute("role", "group");
    $("choices").setAttribute("aria-label", texts.choices);
    document.addEventListener("selectionchange", () => this.selected());
  }

  open(page) {
    const focused = this.current;
    const place = focused !== null && this.rows.get(focused)?.area;
    const caret = place && document.activeElement === place ? [place.selectionStart, place.selectionEnd] : null;
    const at = this.lines.findIndex((line) => line.id === focused);
    this.page = page;
    this.lines = page.lines;
    this.hideChoices();
    const old = this.rows;
    this.rows = new Map();
    let block = null;
    let number = 0;
    const items = page.lines.map((line) => {
      const row = old.get(line.id) || this.make(line);
      row.line = line;
      if (!line.out) number += 1;
      row.number = number;
      row.item.classList.toggle("block", block !== null && line.block !== block);
      block = line.block;
      this.rows.set(line.id, row);
      this.refresh(row, true);
      return row.item;
    });
    if ($("choices").closest("#list")) $("lines").append($("choices"));
    const first = old.size ? items.length : AT_ONCE;
    $("list").replaceChildren(...items.slice(0, first));
    this.later = items.slice(first);
    if (this.later.length) setTimeout(() => this.show(AT_ONCE));
    if (caret && this.rows.has(focused)) {
      const {area} = this.rows.get(focused);
      area.focus({preventScroll: true});
      area.setSelectionRange(Math.min(caret[0], area.value.length), Math.min(caret[1], area.value.length));
    } else if (caret) { // its line is gone, as when a split is undone
      const line = page.lines[Math.max(at - 1, 0)] || page.lines.at(-1);
      if (line) this.focus(line.id);
    }
  }

  // Show some more of the lines of a page just opened; all of them where one is gone to.
  show(count = this.later.length) {
    $("list").append(...this.later.splice(0, count));
    if (this.later.length) setTimeout(() => this.show(AT_ONCE));
  }

  forget() {
    this.later = [];
    $("lines").append($("choices"));
    this.rows.clear();
    this.current = null;
    this.hideChoices();
  }

  make(line) {
    const row = {line};
    row.strip = el("img", {class: "strip", loading: "lazy", decoding: "async"});
    row.label = el("span", {class: "number", "aria-hidden": "true"});
    row.marks = el("div", {class: "marks", "aria-hidden": "true"});
    row.area = el("textarea", {
      rows: 1, spellcheck: "false", autocomplete: "off", autocapitalize: "off", enterkeyhint: "next",
      maxlength: 2000,
      oninput: () => this.input(row),
      onkeydown: (e) => this.key(e, row),
      onfocus: () => this.focused(row),
      onblur: () => setTimeout(() => { if (document.activeElement !== row.area) this.blurred(row); }, 120),
      onclick: () => this.selected(true),
    });
    row.tick = icon("✓", "", {onclick: () => this.listener.confirm(row.line, !row.line.confirmed)});
    row.tick.classList.add("tick");
    row.more = icon("⋯", "", {"aria-haspopup": "menu", onclick: () => this.menu(row)});
    row.more.classList.add("more");
    row.item = el("li", {class: "line", "data-line": line.id},
      row.strip,
      el("div", {class: "row"}, row.label, el("div", {class: "field"}, row.marks, row.area), row.tick, row.more),
    );
    return row;
  }

  // Show a line as it is; with `all` its text too, which a person may be typing.
  refresh(row, all = false) {
    const {line, number} = row;
    const doubts = doubtsOf(line);
    if (all && row.area.value !== line.text) row.area.value = line.text;
    const source = `strip/${this.page.id}/${line.id}?of=${line.picture}`;
    if (row.source !== source) {
      row.source = source;
      row.strip.src = source;
    }
    row.strip.alt = texts.stripAlt(number);
    row.label.textContent = line.out ? "" : number;
    row.area.setAttribute("aria-label", texts.lineLabel(number, doubts.length));
    row.area.placeholder = line.text ? "" : texts.emptyLine;
    const state = line.out ? "out" : line.confirmed ? "confirmed" : doubts.length ? "doubtful" : "plain";
    row.item.classList.toggle("confirmed", line.confirmed);
    row.item.classList.toggle("out", line.out);
    row.item.dataset.state = state;
    const label = line.confirmed ? texts.unconfirmLine(number) : texts.confirmLine(number);
    row.tick.setAttribute("aria-label", label);
    row.tick.title = label;
    row.tick.setAttribute("aria-pressed", String(line.confirmed));
    row.tick.disabled = line.out;
    row.area.readOnly = line.out;
    row.more.setAttribute("aria-label", texts.lineMenu(number));
    row.more.title = texts.lineMenu(number);
    this.mark(row, doubts);
  }

  mark(row, doubts) {
    const {text} = row.line;
    const parts = [];
    let at = 0;
    for (const one of doubts) {
      parts.push(text.slice(at, one.from));
      parts.push(el("span", {class: one.sure < STRONG ? "doubt strong" : "doubt"}, text.slice(one.from, one.to)));
      at = one.to;
    }
    parts.push(`${text.slice(at)}\u200b`);
    row.marks.replaceChildren(...parts);
  }

  input(row) {
    const text = row.area.value;
    if (text.includes("\n")) {
      const caret = row.area.selectionStart;
      row.area.value = text.replace(/\s*\n\s*/g, " ");
      row.area.setSelectionRange(caret, caret);
    }
    retext(row.line, row.area.value);
    this.mark(row, doubtsOf(row.line));
    this.hideChoices();
    this.listener.typed(row.line);
  }

  // --- where one is ---------------------------------------------------------------------

  focused(row) {
    if (this.current !== row.line.id) {
      this.rows.get(this.current)?.item.classList.remove("active");
      this.current = row.line.id;
    }
    row.item.classList.add("active");
    this.listener.chosen(row.line);
  }

  blurred() {
    if (!document.activeElement?.closest("#list, #choices")) this.hideChoices();
  }

  // The doubtful word under the cursor offers what else it may be.
  selected(clicked = false) {
    const area = document.activeElement;
    if (area?.tagName !== "TEXTAREA" || !area.closest("#list")) return;
    const row = this.rows.get(Number(area.closest(".line").dataset.line));
    if (!row) return;
    const [a, b] = [area.selectionStart, area.selectionEnd];
    if (this.word && this.word.line === row.line.id && a >= this.word.from && b <= this.word.to) return;
    const word = row.line.confirmed || row.line.out ? null
      : row.line.words.find((one) => one.doubts.length && a >= one.from && b <= one.to && (a < b || clicked || a > one.from));
    if (!word) {
      this.hideChoices();
      return;
    }
    this.offer(row, word);
  }

  offer(row, word) {
    const text = row.line.text.slice(word.from, word.to);
    this.word = {line: row.line.id, from: word.from, to: word.to, options: [text, ...word.choices], at: 0};
    this.listener.chosen(row.line, word);
    if (!word.choices.length) {
      $("choices").hidden = true;
      return;
    }
    this.showChoices(row);
    say(`${text}. ${texts.choices} ${word.choices.join(", ")}`);
  }

  showChoices(row) {
    const {options, at} = this.word;
    $("choices").replaceChildren(
      el("span", {}, texts.choices),
      ...options.flatMap((one, k) => k === at ? [] : [button(one, {
        tabindex: -1, "aria-label": texts.choose(one),
        onclick: () => { this.choose(row, k); row.area.focus(); this.hideChoices(); },
      })]),
    );
    if ($("choices").parentElement !== row.item) row.item.append($("choices"));
    $("choices").hidden = false;
  }

  hideChoices() {
    this.word = null;
    $("choices").hidden = true;
  }

  // Put one of the choices in the word's place; it stays selected, so that the next can be tried.
  choose(row, k) {
    const {from, to, options} = this.word;
    const {line, area} = row;
    const text = line.text.slice(0, from) + options[k] + line.text.slice(to);
    const word = line.words.find((one) => one.from === from);
    const kept = word && {...word};
    area.value = text;
    retext(line, text);
    const end = from + options[k].length;
    line.words = line.words.filter((one) => one.to <= from || one.from >= end);
    if (kept) {
      // Its own doubts come back with its own text alone.
      const first = this.word.first || kept.doubts;
      this.word.first = first;
      line.words.push({...kept, from, to: end, doubts: k ? [] : first});
      line.words.sort((one, other) => one.from - other.from);
    }
    this.word.to = end;
    this.word.at = k;
    area.setSelectionRange(from, end);
    this.mark(row, doubtsOf(line));
    this.listener.typed(line);
    this.showChoices(row);
    say(options[k]);
  }

  // --- keys -------------------------------------------------------------------------------

  key(e, row) {
    const command = e.ctrlKey || e.metaKey;
    const act = (name, more) => { e.preventDefault(); this.listener.act(name, row.line, more); };
    if (e.isComposing) return;
    if (e.key === "Enter" && command && e.shiftKey) act("split", {at: row.area.selectionStart});
    else if (e.key === "Enter" && command) { e.preventDefault(); this.listener.act("confirmPage", row.line); }
    else if (e.key === "Enter") { e.preventDefault(); this.enter(row); }
    else if (e.key === "Tab" && !command && !e.altKey) this.tab(e, row);
    else if (command && e.key.toLowerCase() === "j") act("merge");
    else if (command && e.shiftKey && e.key === "Delete") act("delete");
    else if (e.altKey && e.shiftKey && e.key === "ArrowUp") act("up");
    else if (e.altKey && e.shiftKey && e.key === "ArrowDown") act("down");
    else if ((e.key === "ArrowDown" || e.key === "ArrowUp") && !command && !e.altKey && !e.shiftKey) this.arrow(e, row);
    else if (e.key === "Escape") { e.preventDefault(); this.hideChoices(); row.tick.focus(); }
  }

  enter(row) {
    this.hideChoices();
    if (!row.line.out) this.listener.confirm(row.line, true);
    this.toNext(row.line);
  }

  // On to the next doubtful line, else to the next that is not confirmed, else to the end.
  toNext(line) {
    const at = this.lines.indexOf(line);
    const after = [...this.lines.slice(at + 1), ...this.lines.slice(0, at)];
    const open = after.filter((one) => !one.confirmed && !one.out);
    const next = open.find((one) => doubtsOf(one).length) || open[0];
    if (!next) this.listener.finished();
    else this.focus(next.id, true);
  }

  tab(e, row) {
    const {area, line} = row;
    const back = e.shiftKey;
    const places = doubtsOf(line);
    const here = back
      ? places.filter((one) => one.to <= area.selectionStart && one.from < area.selectionStart).pop()
      : places.find((one) => one.from >= area.selectionEnd && !(one.from === area.selectionStart && one.to === area.selectionEnd));
    if (here) {
      e.preventDefault();
      this.select(row, here);
      return;
    }
    const at = this.lines.indexOf(line);
    const others = back ? this.lines.slice(0, at).reverse() : this.lines.slice(at + 1);
    const next = others.find((one) => doubtsOf(one).length);
    if (!next) return; // as everywhere: on to the next button
    e.preventDefault();
    const found = doubtsOf(next);
    this.focus(next.id);
    this.select(this.rows.get(next.id), back ? found[found.length - 1] : found[0]);
  }

  select(row, place) {
    this.hideChoices();
    row.area.focus({preventScroll: true});
    row.area.setSelectionRange(place.from, place.to);
    this.selected();
  }

  arrow(e, row) {
    const down = e.key === "ArrowDown";
    if (this.word && this.word.line === row.line.id && this.word.options.length > 1) {
      const count = this.word.options.length;
      e.preventDefault();
      this.choose(row, (this.word.at + (down ? 1 : count - 1)) % count);
      return;
    }
    if (row.area.offsetHeight > 48) return; // of several rows: the cursor moves in them
    const at = this.lines.indexOf(row.line) + (down ? 1 : -1);
    if (!this.lines[at]) return;
    e.preventDefault();
    this.focus(this.lines[at].id);
  }

  // To a line; with `doubt` its first doubtful place is selected.
  focus(id, doubt = false) {
    const row = this.rows.get(id);
    if (!row) return;
    if (!row.item.isConnected) this.show();
    row.area.focus({preventScroll: true});
    row.item.scrollIntoView({block: "nearest"});
    const pane = $("lines").getBoundingClientRect();
    const item = row.item.getBoundingClientRect();
    const low = item.bottom - pane.bottom + Math.min(120, pane.height / 4);
    if (low > 0) $("lines").scrollTop += low;
    const first = doubt ? doubtsOf(row.line)[0] : null;
    if (first) this.select(row, first);
    else row.area.setSelectionRange(row.area.value.length, row.area.value.length);
  }

  get currentLine() {
    return this.lines.find((one) => one.id === this.current) || null;
  }

  // Where the cursor is, before a dialog takes the focus away.
  remember() {
    const area = this.rows.get(this.current)?.area;
    this.place = area ? [area.selectionStart, area.selectionEnd] : null;
  }

  insert(sign) {
    const row = this.rows.get(this.current);
    if (!row || !this.place) return;
    row.area.focus({preventScroll: true});
    row.area.setRangeText(sign, ...this.place, "end");
    this.input(row);
  }

  // --- the menu of a line -------------------------------------------------------------------

  menu(row) {
    document.querySelector(".menu")?.remove();
    const at = row.area.selectionStart;
    const items = Object.entries(texts.menu).map(([name, label]) => button(label, {
      role: "menuitem",
      onclick: () => { close(); this.listener.act(name, row.line, {at}); },
    }));
    items.forEach((one, k) => one.append(el("small", {}, texts.keysOf[Object.keys(texts.menu)[k]])));
    const box = el("div", {class: "menu", role: "menu", "aria-label": texts.lineMenu(row.number)}, ...items);
    const close = () => { box.remove(); row.more.focus(); document.removeEventListener("pointerdown", away); };
    const away = (e) => { if (!box.contains(e.target)) close(); };
    box.addEventListener("keydown", (e) => {
      const k = items.indexOf(document.activeElement);
      if (e.key === "Escape" || e.key === "Tab") close();
      else if (e.key === "ArrowDown") items[(k + 1) % items.length].focus();
      else if (e.key === "ArrowUp") items[(k + items.length - 1) % items.length].focus();
      else return;
      e.preventDefault();
    });
    document.body.append(box);
    const place = row.more.getBoundingClientRect();
    box.style.left = `${Math.max(6, Math.min(place.right - box.offsetWidth, window.innerWidth - box.offsetWidth - 6))}px`;
    box.style.top = `${Math.min(place.bottom + 4, window.innerHeight - box.offsetHeight - 6)}px`;
    items[0].focus();
    document.addEventListener("pointerdown", away);
  }
}
