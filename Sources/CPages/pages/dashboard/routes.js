// Routes

const COLUMNS = [
  { key: "name", label: "Route", kind: null },
  { key: "rate", label: "Requests", kind: "rate" },
  { key: "error_ratio", label: "Errors", kind: "ratio" },
  { key: "p50_ms", label: "p50", kind: "ms" },
  { key: "p95_ms", label: "p95", kind: "ms" },
  { key: "p99_ms", label: "p99", kind: "ms" },
  { key: "in_flight", label: "In flight", kind: "count" },
  { key: "limited_rate", label: "Limited", kind: "rate" },
  { key: "cache_hit_ratio", label: "Cache hits", kind: "ratio" },
];
/** The routes shown at once, until all are asked for. */
const PAGE = 50;

/** What a client asks for to reach a route: GET api.example.com/users/* */
const address = (route) => [(route.methods || []).join(", "), `${(route.hosts || []).join(", ")}${route.path || ""}`].filter(Boolean).join(" ");

const INTERNAL = { _none: "requests that no route matches", _admin: "exposed admin endpoints" };

const routes = {
  sort: { key: "rate", isDescending: true },
  all: [],
  total: 0,
  open: new Map(),
  showsAll: false,

  build() {
    this.heads = COLUMNS.map((column) => {
      const button = make("button", { type: "button", class: "sort", click: () => this.sortBy(column.key) }, column.label, make("span", { class: "arrow", "aria-hidden": "true" }));
      return make("th", { scope: "col", role: "columnheader", class: column.kind ? "num" : null }, button);
    });
    this.body = make("tbody", { role: "rowgroup" });
    this.none = make("div", { hidden: true });
    this.more = make("button", { type: "button", class: "more", hidden: true, click: () => { this.showsAll = true; this.show(); } });
    this.table = make("table", { role: "table", class: "cards routes" },
      make("caption", { class: "hidden" }, "Routes, with the figures of the last 10 seconds. The buttons of the header sort, the buttons of the rows open details."),
      make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...this.heads)), this.body);
    byId("routes-box").append(make("div", { class: "scroll" }, this.table), this.none, this.more);
    this.filter = byId("routes-filter");
    this.filter.addEventListener("input", () => this.show());
    this.markSort();
  },

  sortBy(key) {
    const isText = key === "name";
    this.sort = this.sort.key === key ? { key, isDescending: !this.sort.isDescending } : { key, isDescending: !isText };
    this.markSort();
    this.show();
  },

  markSort() {
    COLUMNS.forEach((column, index) => {
      const isSorted = column.key === this.sort.key;
      setAttribute(this.heads[index], "aria-sort", isSorted ? (this.sort.isDescending ? "descending" : "ascending") : "none");
    });
  },

  update(figures) {
    this.all = figures.routes || [];
    this.total = figures.routes_total ?? this.all.length;
    badge("routes-count", this.total);
    // Rows stay where they are while somebody reads or uses one.
    this.show(this.body.contains(document.activeElement) || this.body.matches(":hover"));
    for (const detail of this.open.values()) detail.update(this.all.find((route) => route.name === detail.name));
  },

  /** The routes that match the filter, in order. */
  selected(keepsOrder) {
    const wanted = this.filter.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.all.filter((route) => {
      const text = [route.name, address(route), route.upstream || ""].join(" ").toLowerCase();
      return wanted.every((word) => text.includes(word));
    });
    if (keepsOrder && this.order) {
      const places = new Map(this.order.map((name, index) => [name, index]));
      return found.sort((one, other) => (places.get(one.name) ?? 1e9) - (places.get(other.name) ?? 1e9));
    }
    const { key, isDescending } = this.sort;
    const sign = isDescending ? -1 : 1;
    const names = new Intl.Collator("en", { numeric: true });
    found.sort((one, other) => {
      if (key === "name") return sign * names.compare(one.name, other.name);
      const [left, right] = [one[key], other[key]];
      // What is unknown comes last in either direction.
      if (!isKnown(left) || !isKnown(right)) return isKnown(right) - isKnown(left) || names.compare(one.name, other.name);
      return sign * (left - right) || names.compare(one.name, other.name);
    });
    this.order = found.map((route) => route.name);
    return found;
  },

  show(keepsOrder = false) {
    const found = this.selected(keepsOrder);
    const shown = this.showsAll ? found : found.slice(0, PAGE);
    const items = shown.flatMap((route) => this.open.has(route.name) ? [{ route }, { route, detail: this.open.get(route.name) }] : [{ route }]);
    sync(this.body, items, (item) => (item.detail ? "d:" : "r:") + item.route.name,
      (item) => item.detail ? item.detail.element : this.row(item.route), (element, item) => { if (!item.detail) this.fill(element, item.route); });
    setHidden(this.table, found.length === 0);
    setHidden(this.none, found.length > 0);
    if (found.length === 0) {
      this.none.replaceChildren(this.all.length
        ? empty(`No route matches “${this.filter.value.trim()}”.`, "The filter looks at names, methods, hosts, paths and upstreams.")
        : empty("There are no routes yet.", "Add [[routes]] to the configuration and reload it."));
    }
    setHidden(this.more, found.length <= shown.length);
    setText(this.more, `Show all ${whole(found.length)} routes`);
  },

  row(route) {
    const id = `route-${this.ids = (this.ids || 0) + 1}`;
    const button = make("button", { type: "button", class: "opener", "aria-expanded": "false", "aria-controls": id, click: () => this.toggle(route.name) },
      make("span", { class: "chevron", "aria-hidden": "true" }), make("span", { class: "name" }, route.name));
    const cells = COLUMNS.slice(1).map((column) =>
      make("td", { role: "cell", class: "num", "data-label": column.label, "data-key": column.key }, data(column.kind)));
    const row = make("tr", { role: "row", class: "route", click: (event) => {
      if (event.target.closest("button") || String(getSelection())) return;
      this.toggle(route.name);
    } }, make("th", { scope: "row", role: "rowheader" }, button, make("span", { class: "address quiet small" })), ...cells);
    row.button = button;
    row.detailId = id;
    return row;
  },

  fill(row, route) {
    setText(row.firstChild.lastChild, INTERNAL[route.name] || [address(route), route.upstream ? `→ ${route.upstream}` : ""].filter(Boolean).join(" "));
    COLUMNS.slice(1).forEach((column, index) => {
      const cell = row.children[index + 1].firstChild;
      setData(cell, route[column.key]);
      const isQuiet = !isKnown(route[column.key]) || route[column.key] === 0;
      const level = column.key === "error_ratio" && route.error_ratio >= 0.01 ? (route.error_ratio >= 0.05 ? "bad" : "warn")
        : column.key === "limited_rate" && route.limited_rate > 0 ? "warn" : isQuiet ? "quiet" : "";
      if (cell.className !== level) cell.className = level;
    });
    setAttribute(row.button, "aria-expanded", String(this.open.has(route.name)));
  },

  toggle(name) {
    const row = this.body.known.get("r:" + name);
    if (this.open.has(name)) this.open.delete(name);
    else this.open.set(name, new RouteDetail(name, row.detailId, COLUMNS.length));
    this.show(true);
    const detail = this.open.get(name);
    if (detail) detail.update(this.all.find((route) => route.name === name));
  },
};
