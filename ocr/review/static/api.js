// What the server is asked, and the order in which changes go there.

export class Refused extends Error {
  constructor(status, data) {
    super(data.error || `status ${status}`);
    this.status = status;
    this.data = data;
  }
}

async function ask(path, options) {
  const answer = await fetch(path, options);
  let data = {};
  try {
    data = await answer.json();
  } catch {
    // told by the status alone
  }
  if (!answer.ok) throw new Refused(answer.status, data);
  return data;
}

export const get = (path) => ask(path);

export const post = (path, data, more = {}) => ask(path, {
  method: "POST",
  headers: {"content-type": "application/json"},
  body: JSON.stringify(data),
  ...more,
});

// Changes of one page go one after the other, each with the revision that the one before gave.
export class Changes {
  constructor(page, listener) {
    this.page = page;
    this.revision = page.revision;
    this.listener = listener; // {keeping, kept, failed}
    this.tab = Math.random().toString(36).slice(2); // so the server tells changes asked for twice
    this.number = 0; // of the latest change
    this.asked = []; // changes that have no answer yet
    this.last = Promise.resolve();
    this.waiting = 0;
    this.texts = new Map(); // line -> {text, confirmed}: not yet sent
    this.unsent = false; // whether some of these were sent in vain
    this.timer = 0;
    this.stopped = false;
  }

  // Keep a text soon; typing on puts it off only for a moment.
  type(line, text) {
    const before = this.texts.get(line) || {};
    this.texts.set(line, {...before, text});
    this.listener.keeping();
    if (!this.timer) this.timer = setTimeout(() => this.flush(), 250);
  }

  flush() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.unsent = false;
    const texts = [...this.texts];
    this.texts.clear();
    for (const [line, one] of texts) this.send({op: "text", line, ...one});
    return this.last;
  }

  // Send all that is not kept; whether it is kept now.
  async keepAll() {
    do await this.flush(); while (this.texts.size && !this.unsent);
    return !this.texts.size;
  }

  // Line -> the latest text typed of it, of those that are not known to be kept.
  typed() {
    const sent = this.asked.filter((one) => one.op === "text").map((one) => [one.line, one.text]);
    const newer = [...this.texts].map(([line, one]) => [line, one.text]);
    return new Map([...sent, ...newer]);
  }

  // A text that could not be kept stays to be sent, unless the line has a newer one.
  putBack(change) {
    if (this.asked.some((one) => one.op === "text" && one.line === change.line)) return;
    const newer = this.texts.get(change.line) || {};
    this.texts.set(change.line, {text: change.text, confirmed: change.confirmed, ...newer});
    this.unsent = true;
  }

  // Do something after all that was asked before; resolves to the answer, or undefined if refused.
  send(change) {
    if (change.op !== "text") this.flush();
    this.waiting += 1;
    this.listener.keeping();
    const asked = this.numbered(change);
    const done = this.last.then(async () => {
      if (this.stopped) return undefined;
      const data = await post(`api/pages/${this.page.id}`, {...asked, tab: this.tab, revision: this.revision});
      this.revision = data.revision;
      return data;
    });
    const answered = () => { this.asked = this.asked.filter((one) => one !== asked); };
    this.last = done.then(
      () => { answered(); this.finish(); },
      (error) => { answered(); this.finish(error); this.listener.failed(error, change); },
    );
    return done.catch(() => undefined);
  }

  numbered(change) {
    this.number += 1;
    const asked = {...change, number: this.number};
    this.asked.push(asked);
    return asked;
  }

  finish(error) {
    this.waiting -= 1;
    if (!error && !this.waiting && !this.texts.size) this.listener.kept();
  }

  // When the page is left: what has no answer yet goes out in one, though nobody waits for it. What
  // was on its way comes twice then; the server does it once.
  leave() {
    clearTimeout(this.timer);
    for (const [line, one] of this.texts) this.numbered({op: "text", line, ...one});
    this.texts.clear();
    if (!this.asked.length || this.stopped) return;
    post(`api/pages/${this.page.id}`,
      {op: "several", changes: this.asked, tab: this.tab, revision: this.revision},
      {keepalive: true}).catch(() => {});
  }
}
