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
    this.last = Promise.resolve();
    this.waiting = 0;
    this.texts = new Map(); // line -> {text, confirmed}: not yet sent
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
    const texts = [...this.texts];
    this.texts.clear();
    for (const [line, one] of texts) this.send({op: "text", line, ...one});
    return this.last;
  }

  // Do something after all that was asked before; resolves to the answer, or undefined if refused.
  send(change) {
    if (change.op !== "text") this.flush();
    this.waiting += 1;
    this.listener.keeping();
    const done = this.last.then(async () => {
      if (this.stopped) return undefined;
      const data = await post(`api/pages/${this.page.id}`, {...change, revision: this.revision});
      this.revision = data.revision;
      return data;
    });
    this.last = done.then(
      () => this.finish(),
      (error) => { this.finish(error); this.listener.failed(error, change); },
    );
    return done.catch(() => undefined);
  }

  finish(error) {
    this.waiting -= 1;
    if (!error && !this.waiting && !this.texts.size) this.listener.kept();
  }

  // When the page is left: what was typed last goes out though nobody waits for the answer.
  leave() {
    clearTimeout(this.timer);
    for (const [line, one] of this.texts) {
      post(`api/pages/${this.page.id}`, {op: "text", line, ...one, revision: this.revision},
        {keepalive: true}).catch(() => {});
      this.revision += 1;
    }
    this.texts.clear();
  }
}
