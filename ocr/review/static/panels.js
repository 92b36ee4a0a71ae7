// What opens over the page: pages, search, export, learning, keys, special characters.

import {$, el, button} from "./dom.js";
import {get, post} from "./api.js";
import {texts} from "./texts.js";

const percent = (share) => `${(100 * share).toFixed(1)} %`;

export class Panels {
  // listener: {open(page, line), insert(sign), saved(): promise, reread()}; book: {pages, here}
  constructor(listener, book) {
    this.listener = listener;
    this.book = book;
    this.timer = 0;
    $("dialog").addEventListener("close", () => { clearTimeout(this.timer); this.after?.(); });
    $("dialog").addEventListener("click", (e) => { if (e.target === $("dialog")) $("dialog").close(); });
  }

  show(title, ...inside) {
    this.after = null;
    clearTimeout(this.timer);
    $("dialog-body").replaceChildren(
      el("h2", {}, el("span", {id: "dialog-title"}, title),
        el("button", {type: "button", class: "icon", "aria-label": texts.close, onclick: () => $("dialog").close()}, "✕")),
      ...inside,
    );
    if (!$("dialog").open) $("dialog").showModal();
  }

  pages() {
    const items = [...this.book.pages.values()].map((page) => {
      const done = page.done;
      const state = done ? texts.pageState.done
        : page.state === "read" ? texts.pageState.read(page.confirmed, page.lines) : texts.pageState[page.state];
      return el("li", {}, el("button", {
        type: "button", "aria-current": page.id === this.book.here() ? "page" : null, title: page.error || null,
        onclick: () => { $("dialog").close(); this.listener.open(page.id); },
      }, el("span", {}, page.name), el("small", {class: done ? "done" : null}, done ? `✓ ${state}` : state)));
    });
    this.show(texts.pages, el("ul", {}, ...items));
    const here = $("dialog-body").querySelector("[aria-current]");
    here?.focus();
    here?.scrollIntoView({block: "center"});
  }

  search() {
    const list = el("ul", {"aria-live": "polite"});
    let asked = "";
    const field = el("input", {type: "search", "aria-label": texts.search, placeholder: texts.search, oninput: () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(look, 150);
    }});
    const look = async () => {
      const text = field.value.trim();
      asked = text;
      if (!text) { list.replaceChildren(); return; }
      await this.listener.saved();
      const {found, more} = await get(`api/search?text=${encodeURIComponent(text)}`);
      if (asked !== text) return;
      const items = found.map(([page, line, row]) => el("li", {}, el("button", {
        type: "button", onclick: () => { $("dialog").close(); this.listener.open(page, line); },
      }, el("span", {}, row), el("small", {}, this.book.pages.get(page)?.name || ""))));
      if (!found.length) items.push(el("li", {}, texts.searchNone));
      if (more) items.push(el("li", {}, texts.searchMore));
      list.replaceChildren(...items);
    };
    this.show(texts.search, field, list);
    field.focus();
  }

  async export() {
    await this.listener.saved();
    const read = [...this.book.pages.values()].filter((one) => one.state === "read").length;
    const what = el("select", {"aria-label": texts.exportWhat},
      el("option", {value: this.book.here()}, texts.exportThis),
      el("option", {value: ""}, texts.exportAll(read, this.book.pages.size)));
    const join = el("input", {type: "checkbox"});
    const links = Object.entries(texts.formats).map(([name, label]) => el("a", {href: "#", "data-format": name}, label));
    const update = () => {
      for (const link of links) {
        const query = new URLSearchParams({page: what.value, join: join.checked ? "1" : "0"});
        link.href = `export/${link.dataset.format}?${query}`;
      }
    };
    // Fetched first, so that an error is told here and not kept as a file.
    const problem = el("p", {role: "alert"});
    for (const link of links) {
      link.addEventListener("click", async (e) => {
        e.preventDefault();
        problem.textContent = "";
        const answer = await fetch(link.href);
        if (!answer.ok) {
          problem.textContent = (await answer.json().catch(() => ({}))).error || texts.offline;
          return;
        }
        const name = /filename\*=UTF-8''(.+)$/.exec(answer.headers.get("content-disposition") || "");
        const content = await answer.blob().catch(() => null);
        if (!content) {
          problem.textContent = texts.exportBroken;
          return;
        }
        const file = URL.createObjectURL(content);
        el("a", {href: file, download: name ? decodeURIComponent(name[1]) : "export"}).click();
        setTimeout(() => URL.revokeObjectURL(file), 60000);
      });
    }
    what.addEventListener("change", update);
    join.addEventListener("change", update);
    update();
    this.show(texts.exportTitle, what, el("label", {}, join, texts.exportJoin), el("div", {class: "grid"}, ...links), problem);
  }

  async learn() {
    await this.listener.saved();
    this.showLearn(await get("api/learn"));
  }

  showLearn(state) {
    const t = texts.learn;
    const go = (what) => async () => {
      try {
        this.showLearn(await post("api/learn", {do: what}));
      } catch (error) {
        this.showLearn({...await get("api/learn"), doing: "failed", error: error.message});
      }
    };
    const parts = [];
    const working = t.doing[state.doing];
    if (working) {
      parts.push(el("p", {role: "status"}, working),
        el("progress", {max: 1, value: state.share || 0, "aria-label": working}),
        el("p", {}, state.seconds_left === null ? "" : t.left(state.seconds_left)),
        button(t.cancel, {onclick: go("cancel")}));
    } else {
      parts.push(el("p", {}, t.about));
      if (state.doing === "failed") parts.push(el("p", {role: "alert"}, t.failed(state.error)));
      if (state.doing === "done" && state.before !== null) {
        parts.push(el("p", {role: "status", id: "learned"}, t.result(percent(state.before), percent(state.after), state.held)));
        parts.push(el("table", {},
          el("thead", {}, el("tr", {}, ...[t.truth, t.before, t.after].map((one) => el("th", {scope: "col"}, one)))),
          el("tbody", {}, ...state.examples.map((row) => el("tr", {}, ...row.map((one) => el("td", {}, one)))))));
        parts.push(el("p", {}, t.model(state.model)));
      }
      if (state.doing === "done" && state.can_read_again) {
        parts.push(el("p", {}, button(t.reread, {class: "main", onclick: go("reread")}), ` ${t.rereadAbout}`));
      }
      if (state.doing === "done" && state.pages) parts.push(el("p", {id: "reread"}, t.reread_done(state.pages)));
      const enough = state.confirmed >= state.fewest;
      parts.push(el("p", {}, state.missing ? t.missing(state.missing, state.install)
        : enough ? t.have(state.confirmed) : t.few(state.confirmed, state.fewest)));
      parts.push(button(state.doing === "done" ? t.again : t.start,
        {class: state.can_read_again ? null : "main", disabled: !enough || Boolean(state.missing), onclick: go("start")}));
    }
    const reread = this.doing === "reading" && state.doing === "done";
    this.doing = state.doing;
    this.show(t.title, ...parts);
    if (reread) this.listener.reread();
    if (working) {
      this.timer = setTimeout(async () => {
        const next = await get("api/learn").catch(() => null);
        if (next && $("dialog").open && $("dialog-title")?.textContent === t.title) this.showLearn(next);
      }, 700);
    }
  }

  keys() {
    this.show(texts.help, el("table", {}, el("tbody", {}, ...texts.keys.map(([key, what]) =>
      el("tr", {}, el("th", {scope: "row"}, ...broken(key)), el("td", {}, what))))));
  }

  special() {
    this.show(texts.special, el("div", {class: "signs"}, ...[...texts.characters].map((sign) =>
      button(sign, {onclick: () => {
        $("dialog").close();
        this.listener.insert(sign);
      }}))));
  }
}

// Keys that may go on in the next row behind a +, and nowhere else.
function broken(keys) {
  return keys.split("+").flatMap((key, k) => (k ? ["+", el("wbr"), key] : [key]));
}
