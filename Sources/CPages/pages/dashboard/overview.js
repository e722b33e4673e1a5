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

const STATES = { draining: "Draining: open requests finish.", overloaded: "Overloaded: requests are rejected." };
const problemKey = (problem) => problem.kind ? `${problem.kind}\n${problem.subject}\n${problem.since}` : problem.text;

const overview = {
  known: null,

  update(figures) {
    for (const tile of tiles) tile.update(figures.totals[tile.key]);
    const errors = figures.totals.error_ratio;
    byId("errors").className = errors >= 0.05 ? "bad" : errors >= 0.01 ? "warn" : "";
    const problems = [...(figures.problems || [])].sort((one, other) =>
      (SEVERITIES[other.severity] || 0) - (SEVERITIES[one.severity] || 0) || String(other.since).localeCompare(String(one.since)));
    this.verdict(figures, problems);
    this.problems(figures, problems);
    this.announce(problems);
  },

  draw(history, spanText) {
    for (const tile of tiles) tile.draw(history, spanText);
  },

  verdict(figures, problems) {
    const [first] = problems;
    const state = STATES[figures.state];
    byId("verdict").dataset.level = first ? LEVELS[first.severity] || "warn" : state ? "warn" : "good";
    setText(byId("verdict-text"), !first ? state || "Healthy" : problems.length === 1 ? sentence(first.text)
      : `${plural(problems.length, "problem")}. ${sentence(first.text)}`);
    const targets = (figures.upstreams || []).flatMap((upstream) => upstream.targets || []);
    const up = targets.filter((target) => target.up).length;
    setText(byId("verdict-more"), [
      first ? state : null, targets.length ? `${up} of ${plural(targets.length, "target")} up` : null, `running for ${span(figures.uptime_seconds)}`,
    ].filter(Boolean).join(" · "));
    setText(byId("version"), figures.version || "");
    badge("problems-count", problems.length, first ? LEVELS[first.severity] : "");
    document.title = problems.length ? `(${problems.length}) ${sentence(first.text)} – Gateway` : "Gateway";
  },

  /** Says why there are no figures, because the last verdict may no longer hold. */
  fail(text) {
    byId("verdict").dataset.level = "bad";
    setText(byId("verdict-text"), text);
    setText(byId("verdict-more"), "");
    document.title = `${text} – Gateway`;
  },

  problems(figures, problems) {
    sync(byId("problems-list"), problems.length ? problems : [null], (problem) => problem ? problemKey(problem) : "",
      (problem) => !problem
        ? make("li", null, empty("No problems.", "The gateway watches targets, circuits, certificates, names, reloads and alerts. Anything wrong appears here within five seconds."))
        : make("li", { class: "problem" }, make("span", { class: "sign", "aria-hidden": "true" }), make("span", { class: "hidden" }), make("span", { class: "problem-text" }),
          make("time", { class: "quiet", datetime: problem.since, title: clock(problem.since, true) })),
      (element, problem) => {
        if (!problem) return;
        const [, severity, text, age] = element.children;
        setAttribute(element, "data-level", LEVELS[problem.severity] || "info");
        setText(severity, `${problem.severity}: `);
        setText(text, sentence(problem.text));
        setText(age, `for ${span((Date.parse(figures.time) - Date.parse(problem.since)) / 1000)}`);
      });
  },

  /** Tells a screen reader what is new, and nothing else. */
  announce(problems) {
    const keys = problems.map(problemKey);
    if (this.known) {
      const news = problems.filter((problem) => !this.known.includes(problemKey(problem))).slice(0, 3).map((problem) => sentence(problem.text));
      if (news.length) setText(byId("announce"), news.join(" "));
      else if (this.known.length && !keys.length) setText(byId("announce"), "No problems.");
    }
    this.known = keys;
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
