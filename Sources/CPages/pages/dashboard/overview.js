// Overview and problems

const SEVERITIES = { critical: 3, warning: 2, info: 1 };
const LEVELS = { critical: "bad", warning: "warn", info: "info" };

const tiles = [
  new Tile("rate", "Requests", "rate", "rate"),
  new Tile("errors", "Errors", "ratio", "error_ratio"),
  new Tile("p50", "p50", "ms", "p50_ms"),
  new Tile("p95", "p95", "ms", "p95_ms", { isPeak: true }),
  new Tile("p99", "p99", "ms", "p99_ms", { isPeak: true }),
  new Tile("in-flight", "In flight", "count", "in_flight", { isPeak: true }),
  new Tile("cpu", "CPU", "cores", "cpu_cores"),
  new Tile("memory", "Memory", "bytes", "memory_bytes", { isPeak: true }),
];
byId("tiles").append(...tiles.map((tile) => tile.element));

const STATES = { draining: "It drains: no new connections are kept.", overloaded: "It is overloaded and rejects requests." };

const overview = {
  known: null,

  update(figures) {
    for (const tile of tiles) tile.update(figures.totals[tile.key]);
    const errors = figures.totals.error_ratio;
    byId("errors").className = errors >= 0.05 ? "bad" : errors >= 0.01 ? "warn" : "";
    this.problems(figures);
  },

  draw(history, spanText) {
    for (const tile of tiles) tile.draw(history, spanText);
  },

  problems(figures) {
    const problems = [...(figures.problems || [])].sort((one, other) =>
      (SEVERITIES[other.severity] || 0) - (SEVERITIES[one.severity] || 0) || String(other.since).localeCompare(String(one.since)));
    const [first] = problems;
    byId("verdict").dataset.level = first ? LEVELS[first.severity] || "warn" : "good";
    setText(byId("verdict-text"), !first ? "Healthy" : problems.length === 1 ? sentence(first.text)
      : `${plural(problems.length, "problem")}. ${sentence(first.text)}`);
    const targets = (figures.upstreams || []).flatMap((upstream) => upstream.targets || []);
    const up = targets.filter((target) => target.up).length;
    setText(byId("verdict-more"), [
      STATES[figures.state], targets.length ? `${up} of ${plural(targets.length, "target")} up` : null, `running for ${span(figures.uptime_seconds)}`,
    ].filter(Boolean).join(" · "));
    setText(byId("version"), figures.version || "");
    badge("problems-count", problems.length, first ? LEVELS[first.severity] : "");
    document.title = problems.length ? `(${problems.length}) ${sentence(first.text)} – Gateway` : "Gateway";

    sync(byId("problems-list"), problems.length ? problems : [null], (problem) => problem ? `${problem.kind}\n${problem.subject}\n${problem.text}` : "",
      (problem) => {
        if (!problem) {
          return make("li", { class: "problem-none" }, empty("No problems.",
            "Targets, circuits, certificates, names, reloads and alerts are watched. What goes wrong is here within five seconds."));
        }
        return make("li", { class: "problem", "data-level": LEVELS[problem.severity] || "info" }, make("span", { class: "sign", "aria-hidden": "true" }),
          make("span", { class: "hidden" }, `${problem.severity}: `), make("span", { class: "problem-text" }, sentence(problem.text)),
          make("time", { class: "quiet", datetime: problem.since, title: clock(problem.since, true) }));
      },
      (element, problem) => {
        if (problem) setText(element.lastChild, `for ${span((Date.parse(figures.time) - Date.parse(problem.since)) / 1000)}`);
      });
    this.announce(problems.map((problem) => problem.text));
  },

  /** Tells a screen reader what is new, and nothing else. */
  announce(texts) {
    if (this.known) {
      const news = texts.filter((text) => !this.known.includes(text)).slice(0, 3).map(sentence);
      const isOver = this.known.length > 0 && texts.length === 0;
      if (news.length) setText(byId("announce"), news.join(" "));
      else if (isOver) setText(byId("announce"), "No problems.");
    }
    this.known = texts;
  },
};

/** A problem's text as a sentence. */
const sentence = (text) => {
  const trimmed = String(text || "").trim();
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?]$/.test(trimmed) ? "" : ".");
};

function badge(id, count, level = "") {
  const element = byId(id);
  setHidden(element, !count);
  setText(element, whole(count));
  setAttribute(element, "data-level", level || null);
}
