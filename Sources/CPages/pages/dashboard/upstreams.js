// Upstreams, limits and the cache

const TARGET_LEVELS = { up: "good", down: "bad", draining: "warn" };
const CIRCUIT_LEVELS = { closed: "good", half_open: "warn", open: "bad" };

/** A table in a card, which narrow screens show as cards. */
function table(caption, heads, { isNumber = () => false, name = "" } = {}) {
  const body = make("tbody", { role: "rowgroup" });
  const element = make("table", { role: "table", class: `cards ${name}` }, make("caption", { class: "hidden" }, caption),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...heads.map((head) =>
      make("th", { scope: "col", role: "columnheader", class: isNumber(head) ? "num" : null }, head || make("span", { class: "hidden" }, "Actions"))))), body);
  return { element, body };
}

const cell = (label, content, isNumber) => make("td", { role: "cell", "data-label": label, class: isNumber ? "num" : null }, content);
const TARGET_HEADS = ["Target", "State", "Latency", "Requests", "Errors", "In flight", "Circuit", "Health check", "Weight", ""];
const TARGET_NUMBERS = new Set(["Latency", "Requests", "Errors", "In flight", "Weight"]);

/** The upstreams shown at once, until all are asked for, and the targets of each. */
const UPSTREAMS = 50;
const TARGETS = 100;

const upstreams = {
  showsAll: false,

  update(figures) {
    const all = figures.upstreams || [];
    this.time = Date.parse(figures.time);
    badge("upstreams-count", all.length);
    // Of many, those with a target that is down come first. Few keep their places, so that no button moves.
    const isWhole = (upstream) => Number((upstream.targets || []).every((target) => target.up));
    const list = all.length <= UPSTREAMS || this.showsAll ? all : [...all].sort((one, other) => isWhole(one) - isWhole(other)).slice(0, UPSTREAMS);
    setHidden(byId("upstreams-more"), list.length === all.length);
    setText(byId("upstreams-more"), `Show all ${whole(all.length)} upstreams`);
    byId("upstreams-more").onclick = () => { this.showsAll = true; this.update(figures); };
    sync(byId("upstreams-box"), list.length ? list : [null], (upstream) => upstream ? "u:" + upstream.name : "",
      (upstream) => upstream ? this.card(upstream)
        : make("div", { class: "card" }, empty("There are no upstreams.", "Add [upstreams.NAME] with targets to forward requests.")),
      (element, upstream) => { if (upstream) this.fill(element, upstream); });
  },

  card(upstream) {
    const { element, body } = table(`Targets of ${upstream.name}`, TARGET_HEADS, { isNumber: (head) => TARGET_NUMBERS.has(head), name: "targets" });
    const state = make("span", { class: "tag" });
    const card = make("article", { class: "card", "aria-label": `Upstream ${upstream.name}` },
      make("div", { class: "card-head" }, make("h3", null, upstream.name), state, make("span", { class: "quiet small" })), make("div", { class: "scroll" }, element));
    return Object.assign(card, { state, body });
  },

  fill(card, upstream) {
    const targets = upstream.targets || [];
    const up = upstream.targets_up ?? targets.filter((target) => target.up).length;
    setText(card.state, `${up} of ${targets.length} up`);
    card.state.className = `tag ${up === targets.length ? "good" : up === 0 ? "bad" : "warn"}`;
    setText(card.firstChild.lastChild, [String(upstream.balance || "").replaceAll("_", " "), upstream.required ? "required" : null, upstream.builtin ? "built in" : null].filter(Boolean).join(" · "));
    sync(card.body, targets.slice(0, TARGETS), (target) => target.target, (target) => this.row(upstream, target), (row, target) => this.fillRow(row, target));
  },

  row(upstream, target) {
    const where = `${target.target} of ${upstream.name}`;
    const path = `/upstreams/${encodeURIComponent(upstream.name)}/targets/${encodeURIComponent(target.target)}`;
    const row = make("tr", { role: "row" }, make("th", { scope: "row", role: "rowheader", class: "mono" }, target.target),
      cell("State", make("span", null, make("span", { class: "tag" }), make("span", { class: "small quiet reason" }))),
      cell("Latency", data("ms"), true), cell("Requests", data("rate"), true), cell("Errors", data("ratio"), true), cell("In flight", data("count"), true),
      cell("Circuit", make("span", null, make("span", { class: "tag" }), make("span", { class: "small quiet reason" }))),
      cell("Health check", make("span", { class: "poll" })), cell("Weight", data("count"), true));
    if (!upstream.builtin) {
      row.drain = make("button", { type: "button", class: "mini", click: () => this.drain(row.isDrained, where, path) });
      row.append(cell("", make("span", { class: "actions" }, row.drain, make("button", {
        type: "button", class: "mini", "aria-label": `Weight of ${where}`, click: () => this.weigh(where, path, row.weight),
      }, "Weight…"))));
      row.where = where;
    } else {
      row.append(cell("", ""));
    }
    return row;
  },

  fillRow(row, target) {
    const [, state, latency, rate, errors, active, circuit, poll, weight] = row.children;
    const [tag, why] = state.firstChild.children;
    setText(tag, target.state || (target.up ? "up" : "down"));
    tag.className = `tag ${TARGET_LEVELS[target.state] || ""}`;
    const age = target.since ? span((this.time - Date.parse(target.since)) / 1000) : "";
    setText(why, [target.reason, age ? `for ${age}` : "", !target.up && target.next_try ? `next try ${until(target.next_try, this.time)}` : ""].filter(Boolean).join(", "));
    setData(latency.firstChild, target.latency_ms);
    setData(rate.firstChild, target.rate);
    setData(errors.firstChild, target.error_ratio);
    errors.firstChild.className = target.error_ratio >= 0.05 ? "bad" : target.error_ratio >= 0.01 ? "warn" : "";
    setData(active.firstChild, target.in_flight ?? (target.connections || {}).active);
    const [breaker, failure] = circuit.firstChild.children;
    setText(breaker, target.circuit ? target.circuit.state.replace("_", "-") : DASH);
    breaker.className = target.circuit ? `tag ${CIRCUIT_LEVELS[target.circuit.state] || ""}` : "quiet";
    setText(failure, target.circuit && target.circuit.state !== "closed"
      ? [target.circuit.reason, target.circuit.next_probe ? `probe ${until(target.circuit.next_probe, this.time)}` : ""].filter(Boolean).join(", ") : "");
    this.poll(poll.firstChild, target.poll);
    setData(weight.firstChild, target.weight);
    row.weight = target.weight;
    if (!row.drain) return;
    row.isDrained = target.state === "draining";
    setText(row.drain, row.isDrained ? "Ready…" : "Drain…");
    setAttribute(row.drain, "aria-label", `${row.isDrained ? "Ready" : "Drain"} ${row.where}`);
  },

  poll(element, poll) {
    const isFailed = poll && poll.last_result === "failed";
    setText(element, !poll ? DASH : !poll.last_poll ? "not polled yet"
      : isFailed ? `${poll.reason || "failed"}, ${plural(poll.consecutive_failures, "time")}` : `ok in ${figure("ms", poll.latency_ms)}`);
    element.className = `poll ${!poll ? "quiet" : isFailed ? "bad" : ""}`;
  },

  async drain(isDrained, where, path) {
    await confirmed({
      title: isDrained ? `Send requests to ${where} again?` : `Drain ${where}?`,
      text: isDrained ? "It gets its share of new requests, if it is up." : "Its requests finish and it gets no new ones, until you make it ready or the gateway restarts.",
      action: isDrained ? "Ready" : "Drain",
      act: () => post(`${path}/${isDrained ? "ready" : "drain"}`),
    });
    dashboard.soon();
  },

  async weigh(where, path, weight) {
    await confirmed({
      title: `Weight of ${where}`,
      text: "Its share of the requests, relative to the other targets. With 0 it gets no new requests. It holds until a reload changes the target.",
      fields: [{ name: "weight", label: "Weight", type: "number", min: "0", max: "1000000", step: "1", value: String(weight ?? 1), required: true }],
      action: "Set weight",
      act: ({ weight }) => post(`${path}/weight`, { weight: Number(weight) }),
    });
    dashboard.soon();
  },
};

const until = (time, now) => {
  const seconds = (Date.parse(time) - now) / 1000;
  return seconds > 0.5 ? `in ${span(seconds)}` : "now";
};

const limits = {
  update(figures) {
    const { routes: list = [], consumers = [], keys } = figures.limits || {};
    const byMost = (one, other) => (other.limited_rate || 0) - (one.limited_rate || 0) || (other.limited || 0) - (one.limited || 0);
    const box = byId("limits-box");
    const parts = [];
    if (!list.length && !consumers.length) parts.push("none");
    if (list.length) parts.push("routes");
    if (consumers.length) parts.push("consumers");
    sync(box, parts, (part) => part, (part) => this.part(part), () => {});
    if (list.length) {
      this.rows(box.known.get("routes").body, [...list].sort(byMost).slice(0, 10), (item) => item.route,
        (item) => [item.limited_rate, item.allowed_rate, item.limited, item.shadow_limited_rate]);
    }
    if (consumers.length) {
      this.rows(box.known.get("consumers").body, [...consumers].sort(byMost).slice(0, 10), (item) => item.consumer, (item) => [item.limited_rate, null, item.limited, null], (item) => item.plan);
    }
    if (list.length && isKnown(keys)) setText(box.known.get("routes").foot, `${plural(keys, "key")} tracked`);
  },

  part(part) {
    if (part === "none") return empty("No routes are limited.", "Add rate_limit or concurrency to a route. The routes and consumers that are limited most appear here.");
    const name = part === "routes" ? "Route" : "Consumer";
    const heads = part === "routes" ? [name, "Limited", "Allowed", "Limited in all"] : [name, "Limited", "Limited in all"];
    const { element, body } = table(`${name}s that are limited most`, heads, { isNumber: (head) => head !== name });
    const foot = make("p", { class: "quiet small foot-note" });
    return Object.assign(make("div", null, make("div", { class: "scroll" }, element), foot), { body, foot });
  },

  rows(body, list, nameOf, valuesOf, noteOf = () => "") {
    sync(body, list, nameOf, (item) => {
      const [, allowed] = valuesOf(item);
      return make("tr", { role: "row" }, make("th", { scope: "row", role: "rowheader" }, nameOf(item), make("span", { class: "quiet small note-after" })),
        cell("Limited", data("rate"), true), allowed === null ? null : cell("Allowed", data("rate"), true), cell("Limited in all", data("count"), true));
    }, (row, item) => {
      const [limited, allowed, total, shadow] = valuesOf(item);
      const cells = [...row.children].slice(1).map((child) => child.firstChild);
      setText(row.firstChild.lastChild, noteOf(item) || (shadow > 0 ? `shadow mode would limit ${figure("rate", shadow)}` : ""));
      setData(cells[0], limited);
      cells[0].className = limited > 0 ? "warn" : "quiet";
      if (allowed !== null) setData(cells[1], allowed);
      setData(cells[cells.length - 1], total);
    });
  },
};

const RESULTS = [["hit", "hits"], ["coalesced", "shared"], ["revalidated", "revalidated"], ["stale", "stale"], ["miss", "misses"], ["bypass", "bypassed"]];

const cache = {
  build() {
    byId("purge").addEventListener("click", () => this.purge());
  },

  update(figures) {
    const state = figures.cache;
    const box = byId("cache-box");
    const isOn = Boolean(state && state.enabled);
    setHidden(byId("purge"), !isOn);
    sync(box, [isOn ? "on" : "off"], (part) => part, (part) => part === "off"
      ? empty("No route is cached.", "Add cache = {} to a route to store its responses.") : this.part(), () => {});
    if (!isOn) return;
    const { ratio, size, share, objects, results } = box.known.get("on").parts;
    setData(ratio, state.hit_ratio);
    setData(size, state.size_bytes);
    setText(share, state.max_size_bytes ? `of ${figure("bytes", state.max_size_bytes)}` : "");
    setData(objects, state.objects);
    const counts = state.results || {};
    sync(results, RESULTS, ([key]) => key, ([, label]) => make("li", null, make("span", { class: "quiet" }, label + " "), data("count")),
      (element, [key]) => setData(element.lastChild, counts[key]));
  },

  part() {
    const parts = { ratio: data("ratio"), size: data("bytes"), share: make("span", { class: "unit" }), objects: data("count"), results: make("ul", { class: "results" }) };
    const item = (name, ...content) => make("div", null, make("dt", { class: "tile-name" }, name), make("dd", { class: "tile-figure" }, ...content));
    return Object.assign(make("div", { class: "pad stack" },
      make("dl", { class: "facts" }, item("Hit ratio", parts.ratio), item("Size", parts.size, parts.share), item("Responses", parts.objects)),
      make("div", null, make("p", { class: "tile-name" }, "Requests of the last 10 seconds"), parts.results)), { parts });
  },

  async purge() {
    const outcome = await confirmed({
      title: "Purge the cache",
      text: "What is dropped is fetched from the upstreams again. A soft purge keeps it as stale, so that it can be revalidated.",
      fields: [
        { name: "subject", label: "What", options: [["route", "Responses of a route"], ["url", "A URL"], ["prefix", "URLs that begin with"], ["tag", "Responses with a tag"], ["all", "Everything"]] },
        { name: "value", label: "Name, URL or tag", type: "text", placeholder: "empty for everything" },
        { name: "soft", label: "How", options: [["", "Drop"], ["soft", "Make stale"]] },
      ],
      action: "Purge", isDanger: true,
      act: ({ subject, value, soft }) => post("/cache/purge", { [subject]: subject === "all" ? true : value, ...(soft ? { soft: true } : {}) }),
    });
    if (outcome) toast(outcome.redis === "pending" ? `${plural(outcome.purged, "response")} purged; Redis is told as soon as it answers.` : `${plural(outcome.purged, "response")} purged.`);
    dashboard.soon();
  },
};
