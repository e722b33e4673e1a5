// The loop: fetches figures, and draws what has changed

/** Between two fetches of figures, in milliseconds. */
const PACE = 2000;
/** Between two fetches of the lines, which move by less than a pixel in two seconds. */
const LINE_PACE = { "15m": 10_000, "2h": 60_000 };
const SPANS = { "15m": "15 minutes", "2h": "2 hours" };

const dashboard = {
  span: "15m",
  isPaused: false,
  time: null,
  timer: null,
  linesAt: 0,
  failures: 0,

  start() {
    routes.build();
    cache.build();
    events.build();
    configuration.build();
    byId("span").addEventListener("change", (event) => {
      this.span = event.target.value;
      this.linesAt = 0;
      this.soon();
    });
    byId("pause").addEventListener("click", () => this.pause(!this.isPaused));
    document.addEventListener("visibilitychange", () => this.follow());
    addEventListener("online", () => this.soon());
    this.watchSections();
    this.follow();
  },

  /** Works while somebody looks, and only then. */
  follow() {
    clearTimeout(this.timer);
    if (document.hidden || this.isPaused) return events.stop();
    this.linesAt = 0;
    events.start();
    this.fetch();
  },

  pause(isPaused) {
    this.isPaused = isPaused;
    setText(byId("pause"), isPaused ? "Resume" : "Pause");
    if (isPaused) this.say("paused", `Paused at ${this.time ? clock(this.time) : "the start"}`);
    this.follow();
  },

  /** Fetches now rather than at the next turn, because something has changed. */
  soon() {
    if (document.hidden || this.isPaused) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(), 100);
  },

  async fetch() {
    clearTimeout(this.timer);
    if (this.isBusy) return;
    this.isBusy = true;
    const now = performance.now();
    const wantsLines = this.linesAt === 0 || now - this.linesAt > LINE_PACE[this.span];
    let pace = PACE;
    try {
      const figures = await json(`/monitoring/dashboard${wantsLines ? `?history=${this.span}` : ""}`, { limit: 10_000 });
      this.failures = 0;
      this.show(figures);
      if (wantsLines) {
        this.linesAt = now;
        if (figures.history) overview.draw(figures.history, SPANS[this.span]);
        for (const detail of routes.open.values()) detail.refresh();
      }
    } catch (error) {
      this.failures += 1;
      this.linesAt = 0;
      pace = Math.min(1000 * 2 ** (this.failures - 1), 5000);
      const last = this.time ? ` last figures from ${clock(this.time)}` : "";
      overview.fail(error instanceof Refusal ? error.message : "The gateway does not answer.");
      this.say("lost", error instanceof Refusal ? `${error.message}${last && ` –${last}`}` : `Reconnecting…${last}`);
    }
    this.isBusy = false;
    if (!document.hidden && !this.isPaused) this.timer = setTimeout(() => this.fetch(), pace);
  },

  show(figures) {
    const isRestart = this.uptime !== undefined && figures.uptime_seconds < this.uptime;
    this.uptime = figures.uptime_seconds;
    this.time = figures.time;
    if (this.time && !this.hasLink || isRestart) this.loadLink();
    for (const part of [overview, routes, upstreams, limits, cache, alerts]) part.update(figures);
    if (!this.isPaused) this.say("live", "Live");
  },

  /** Where traces are shown. Not all may read it. */
  async loadLink() {
    this.hasLink = true;
    const configuration = await json("/config").catch(() => ({}));
    traceTemplate = String((configuration.tracing || {}).link || "");
  },

  say(state, text) {
    byId("link").dataset.state = state;
    document.body.classList.toggle("is-stale", state === "lost");
    setText(byId("link-text"), text);
  },

  /** Marks the part of the page that is in sight. */
  watchSections() {
    const links = new Map([...document.querySelectorAll(".nav a[href^='#']")].map((link) => [link.hash.slice(1), link]));
    const seen = new Set();
    const observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) seen[isIntersecting ? "add" : "delete"](target.id);
      const first = [...links.keys()].find((id) => seen.has(id));
      for (const [id, link] of links) setAttribute(link, "aria-current", id === first ? "true" : null);
    }, { rootMargin: "-104px 0px -40% 0px" });
    for (const id of links.keys()) observer.observe(byId(id));
  },
};

let toastTimer = null;

/** Says that something is done. */
function toast(text) {
  let element = byId("toast");
  if (!element) document.body.append(element = make("p", { id: "toast", role: "status" }));
  setText(element, text);
  setHidden(element, false);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => setHidden(element, true), 6000);
}

dashboard.start();
