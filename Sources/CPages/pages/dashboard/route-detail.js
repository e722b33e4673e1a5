// What an open row of the routes shows

const PHASES = [["queue_ms", "queue"], ["connect_ms", "connect"], ["first_byte_ms", "first byte"], ["body_ms", "body"]];
const CODES = ["1xx", "2xx", "3xx", "4xx", "5xx"];

class RouteDetail {
  constructor(name, id, columns) {
    this.name = name;
    this.charts = [["Requests", "rate", "rate"], ["Errors", "ratio", "error_ratio"], ["p95", "ms", "p95_ms"]].map(([label, kind, key]) => {
      const readout = make("span", { class: "readout small quiet" });
      const chart = new Chart(`${label} of ${name}`, kind, { isPeak: kind === "ms", readout });
      return { key, chart, element: make("div", { class: "line" }, make("div", { class: "tile-head" }, make("span", { class: "tile-name" }, label), readout), chart.element) };
    });
    this.codes = make("ul", { class: "codes" });
    this.slow = make("ul", { class: "requests" });
    this.errors = make("ul", { class: "requests" });
    this.settings = make("div", { class: "settings" });
    const part = (title, ...content) => make("section", { "aria-label": `${title} of ${name}` }, make("h3", null, title), ...content);
    this.element = make("tr", { class: "detail", id, role: "row" }, make("td", { colspan: columns, role: "cell" }, make("div", { class: "detail-in" },
      make("div", { class: "lines" }, ...this.charts.map((line) => line.element)),
      part("Answers of the last 10 seconds", this.codes),
      make("div", { class: "halves" }, part("Last errors", this.errors), part("Slowest requests", this.slow)),
      part("Settings", this.settings))));
    this.note(this.slow, "Loading…");
    this.note(this.errors, "Loading…");
    setText(this.settings, "Loading…");
    this.loadSettings();
    this.refresh();
  }

  note(list, text) {
    sync(list, [text], () => text, () => make("li", { class: "quiet" }, text), () => {});
  }

  update(route) {
    const codes = (route && route.codes) || {};
    const sum = CODES.reduce((total, name) => total + (codes[name] || 0), 0);
    sync(this.codes, CODES, (name) => name, (name) => make("li", { "data-code": name }, make("span", { class: "tag" }, name), " ", data("count"), make("span", { class: "quiet" })),
      (element, name) => {
        setData(element.children[1], codes[name] || 0);
        setText(element.children[2], sum ? ` ${figure("ratio", (codes[name] || 0) / sum)}` : "");
        setAttribute(element, "data-none", codes[name] ? null : "");
      });
  }

  /** Fetches what changes. The loop of the page calls it while the row is open. */
  async refresh() {
    const name = encodeURIComponent(this.name);
    const history = json(`/monitoring/dashboard?history=15m&route=${name}`).then((figures) => {
      const lines = figures.history;
      for (const { key, chart } of this.charts) {
        if (lines[key]) chart.draw(lines[key], lines.step_seconds, Date.parse(lines.end), "15 minutes");
      }
    });
    const errors = json(`/requests?route=${name}&status=5xx&limit=5`).then(({ requests }) => this.list(this.errors, requests, "No failed requests lately."));
    const slow = json(`/requests?route=${name}&limit=200`).then(({ requests }) =>
      this.list(this.slow, requests.sort((one, other) => other.duration_ms - one.duration_ms).slice(0, 5), "No slow requests lately. log.slow_request sets what counts as slow."));
    const results = await Promise.allSettled([history, errors, slow]);
    [null, this.errors, this.slow].forEach((list, index) => {
      if (list && results[index].status === "rejected") this.note(list, reason(results[index].reason));
    });
  }

  list(list, requests, none) {
    if (!requests.length) return this.note(list, none);
    sync(list, requests, (item) => item.request_id || item.time + item.path, (item) => this.request(item), () => {});
  }

  request(item) {
    const total = Math.max(item.duration_ms || 0, 0.001);
    const phases = PHASES.map(([key, label]) => ({ label, value: item.phases && item.phases[key] })).filter((phase) => isKnown(phase.value));
    const bar = drawn("svg", { class: "phases", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" });
    let start = 0;
    phases.forEach((phase, index) => {
      const width = Math.min(100 - start, phase.value / total * 100);
      bar.append(drawn("rect", { x: start.toFixed(2), width: Math.max(0, width).toFixed(2), height: 6, class: `phase-${index}` }));
      start += width;
    });
    const end = ["complete", "ok"].includes(item.end) ? null : item.end;
    const outcome = [item.status, item.code, end].filter(Boolean).join(" ");
    const address = `${item.method || ""} ${item.path || ""}${item.query ? `?${item.query}` : ""}`.trim();
    const tries = (item.tries || []).map((one) =>
      make("li", null, `${one.target}: ${[one.status, one.failure].filter(Boolean).join(" ") || DASH}, ${figure("ms", one.duration_ms)}`));
    const trace = traceLink(item.trace_id);
    return make("li", { class: "request" },
      make("p", { class: "request-head" }, make("span", { class: `tag ${item.status >= 500 || end ? "bad" : ""}` }, outcome || DASH), make("code", null, address),
        make("strong", { class: "num" }, figure("ms", item.duration_ms))),
      bar,
      make("p", { class: "small quiet phase-list" }, ...phases.map((phase, index) => {
        const key = drawn("svg", { class: "key", viewBox: "0 0 8 8", "aria-hidden": "true" });
        key.append(drawn("rect", { width: 8, height: 8, rx: 2, class: `phase-${index}` }));
        return make("span", null, key, `${phase.label} ${figure("ms", phase.value)}`);
      })),
      tries.length ? make("ul", { class: "tries small quiet" }, ...tries) : null,
      make("p", { class: "small quiet request-foot" }, make("time", { datetime: item.time }, clock(item.time)),
        item.consumer ? make("span", null, item.consumer) : null, item.request_id ? make("code", null, item.request_id) : null,
        trace ? make("a", { href: trace, target: "_blank", rel: "noreferrer noopener" }, "Trace", make("span", { class: "hidden" }, ` of request ${item.request_id}`)) : null));
  }

  async loadSettings() {
    try {
      const route = await findRoute(this.name);
      this.settings.replaceChildren(...(route ? this.chain(route) : [make("p", { class: "quiet" }, "This entry has no settings.")]));
    } catch (error) {
      setText(this.settings, reason(error));
    }
  }

  chain(route) {
    const rows = (route.chain || []).flatMap((middleware) =>
      Object.entries(middleware.settings || {}).map(([key, setting]) => ({ key: `${middleware.name}.${key}`, ...setting })));
    const written = rows.filter((row) => row.source !== "default");
    const defaults = rows.filter((row) => row.source === "default");
    const table = (caption, list) => make("div", { class: "scroll" }, make("table", { class: "plain-table" }, make("caption", { class: "hidden" }, caption),
      make("thead", null, make("tr", null, ...["Setting", "Value", "From"].map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", null, ...list.map((row) => make("tr", null, make("th", { scope: "row", class: "mono" }, row.key),
        make("td", { class: "mono" }, typeof row.value === "string" ? row.value || "\"\"" : JSON.stringify(row.value)), make("td", { class: "quiet" }, String(row.source)))))));
    return [
      make("p", { class: "quiet" }, [route.line ? `Line ${route.line} of the file. ` : "", "Middlewares in order: ", (route.chain || []).map((middleware) => middleware.name).join(", ") || "none", "."].join("")),
      written.length ? table(`Settings of ${this.name} that the configuration names`, written) : make("p", { class: "quiet" }, "All settings have their defaults."),
      defaults.length ? make("details", null, make("summary", null, plural(defaults.length, "default")), table(`Defaults of ${this.name}`, defaults)) : null,
    ].filter(Boolean);
  }
}

async function findRoute(name) {
  for (let after = ""; ;) {
    const page = await json(`/routes?limit=1000${after}`);
    const list = page.routes || [];
    const found = list.find((route) => route.name === name);
    if (found || list.length < 1000) return found;
    after = `&after=${encodeURIComponent(list[list.length - 1].name)}`;
  }
}

/** `tracing.link` of the configuration, in which `{trace_id}` is replaced. */
let traceTemplate = "";

function traceLink(id) {
  if (!id || !/^https?:\/\//.test(traceTemplate)) return null;
  return traceTemplate.replaceAll("{trace_id}", encodeURIComponent(id));
}
