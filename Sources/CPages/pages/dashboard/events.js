// Events, as they happen

/** How many events the page keeps. */
const EVENTS = 100;
const EVENT_LEVELS = { critical: "bad", warning: "warn" };

const events = {
  list: [],
  last: null,
  stream: null,

  build() {
    this.box = make("ol", { class: "events" });
    this.none = empty("Nothing has happened yet.", "Targets that go down or come up, reloads, alerts and rejected clients appear here at once.");
  },

  /** Follows the stream, until ``stop()``. */
  async start() {
    if (this.stream) return;
    const stream = this.stream = new AbortController();
    for (let wait = 1000; this.stream === stream;) {
      try {
        await this.recent();
        await this.follow(stream.signal, () => { wait = 1000; });
      } catch (error) {
        if (this.stream === stream && error instanceof Refusal) this.say(error.message);
      }
      if (this.stream !== stream) return;
      if (this.isLive) this.say("Reconnecting…");
      this.isLive = false;
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(wait * 2, 8000);
    }
  },

  stop() {
    if (!this.stream) return;
    this.stream.abort();
    this.stream = null;
    this.isLive = false;
    this.say("Paused");
  },

  say(text) {
    setText(byId("events-state"), text);
  },

  /** The events of before the stream. They are read again after a restart, because the gateway has forgotten the old ones. */
  async recent() {
    const { events: list } = await json(`/events/recent?limit=${EVENTS}`);
    for (const event of list) this.add(event);
    this.show();
  },

  async follow(signal, opened) {
    const headers = this.last ? { "Last-Event-ID": this.last } : {};
    const response = await request("/events", { signal, headers: { Accept: "text/event-stream", ...headers } });
    if (!response.ok) {
      const body = await response.json().catch(() => null);
      throw new Refusal(response.status, body, words(response.status, body));
    }
    opened();
    this.isLive = true;
    this.say("Live");
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ;) {
      const { value, done } = await reader.read();
      if (done) return;
      const messages = (text + value).split("\n\n");
      text = messages.pop();
      messages.forEach((message) => this.receive(message));
      if (messages.length) this.show();
    }
  },

  receive(message) {
    const lines = message.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim());
    if (!lines.length) return;
    let body;
    try { body = JSON.parse(lines.join("\n")); } catch { return; }
    if (body.type === "event" && body.event) this.add(body.event);
    else if (body.type === "error") this.add({ id: `error-${Date.now()}`, time: new Date().toISOString(), type: body.code, severity: "warning", data: { message: body.message }, isLocal: true });
  },

  add(event) {
    if (!event.id || this.list.some((known) => known.id === event.id)) return;
    if (!event.isLocal) this.last = event.id;
    this.list.unshift(event);
    this.list.sort((one, other) => String(other.time).localeCompare(String(one.time)));
    this.list.length = Math.min(this.list.length, EVENTS);
    if (["config.reloaded", "upstream.down", "upstream.up", "alert.firing", "alert.resolved"].includes(event.type)) dashboard.soon();
  },

  show() {
    if (!this.box.isConnected) byId("events-box").append(this.box, this.none);
    setHidden(this.box, !this.list.length);
    setHidden(this.none, this.list.length > 0);
    sync(this.box, this.list, (event) => event.id, (event) => make("li", { class: "event" }, make("details", null,
      make("summary", null, make("time", { class: "quiet", datetime: event.time, title: clock(event.time, true) }, clock(event.time)),
        make("span", { class: `tag ${EVENT_LEVELS[event.severity] || ""}` }, event.severity === "info" ? null : make("span", { class: "hidden" }, `${event.severity}: `), event.type),
        make("span", { class: "event-text" }, brief(event.data))),
      make("pre", null, JSON.stringify(event, null, 2)))), () => {});
  },
};

/** The data of an event on one line: its names first, then what has a short value. */
function brief(data) {
  const parts = [];
  const leading = ["route", "upstream", "target", "alert", "name", "reason", "message"];
  const members = Object.entries(data || {}).sort(([one], [other]) => (leading.indexOf(one) + 1 || 99) - (leading.indexOf(other) + 1 || 99));
  for (const [name, value] of members) {
    // The errors of a configuration: the first says most.
    if (Array.isArray(value) && value[0] && value[0].message) parts.push(String(value[0].message) + (value.length > 1 ? ` and ${plural(value.length - 1, "further error")}` : ""));
    if (value === null || typeof value === "object" || name.startsWith("consecutive_") || name === "address" && data.target === value) continue;
    parts.push(`${name.replaceAll("_", " ")} ${value}`);
  }
  const text = parts.join(" · ");
  return text.length > 240 ? text.slice(0, 239) + "…" : text;
}
