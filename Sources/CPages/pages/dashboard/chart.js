// Lines

const SVG = "http://www.w3.org/2000/svg";
const drawn = (tag, attributes) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

const narrow = matchMedia("(max-width: 640px)");

/** A line of a figure over time. `isPeak`: of the values that share a pixel, the largest counts, else their mean. */
class Chart {
  constructor(label, kind, { isPeak = false, readout = null } = {}) {
    Object.assign(this, { label, kind, isPeak, readout, points: [], width: 180, height: 40, top: 0 });
    this.area = drawn("path", { class: "area" });
    this.line = drawn("path", { class: "stroke" });
    this.cursor = drawn("path", { class: "cursor" });
    this.element = drawn("svg", {
      class: "chart", viewBox: `0 0 ${this.width - 1} ${this.height}`, preserveAspectRatio: "none", role: "img",
      "aria-label": `${label}: no figures yet`,
    });
    this.element.append(this.area, this.line, this.cursor);
    this.element.addEventListener("pointermove", (event) => this.point(event));
    this.element.addEventListener("pointerleave", () => this.point(null));
  }

  /** Draws `values`, of which the last one is of `end` and the others precede it by `step` seconds each. */
  draw(values, step, end, spanText) {
    // Buckets begin at multiples of their length, so that the line moves but does not change its shape.
    const length = Math.max(step, values.length * step / this.width) * 1000;
    const last = Math.floor(end / length);
    const buckets = new Array(this.width).fill(null).map(() => []);
    values.forEach((value, index) => {
      if (!isKnown(value)) return;
      const bucket = Math.floor((end - (values.length - 1 - index) * step * 1000) / length) - last + this.width - 1;
      if (buckets[bucket]) buckets[bucket].push(value);
    });
    this.points = buckets.map((bucket) => !bucket.length ? null
      : this.isPeak ? Math.max(...bucket) : bucket.reduce((sum, value) => sum + value, 0) / bucket.length);
    this.time = (index) => (last - this.width + 1 + index) * length;
    const known = this.points.filter((value) => value !== null);
    this.top = known.length ? Math.max(...known) : 0;
    this.path();
    const [low, high] = [Math.min(...known), this.top];
    setAttribute(this.element, "aria-label", known.length
      ? `${this.label}, last ${spanText}: ${figure(this.kind, low)} to ${figure(this.kind, high)}` : `${this.label}: no figures yet`);
    if (!this.isPointed) this.rest();
  }

  path() {
    const scale = this.top > 0 ? (this.height - 3) / this.top : 0;
    let line = "", area = "", start = null;
    const close = () => {
      if (start !== null) area += `V${this.height}H${start}Z`;
      start = null;
    };
    this.points.forEach((value, index) => {
      if (value === null) return close();
      const y = (this.height - 1 - value * scale).toFixed(1);
      const isFirst = start === null;
      if (isFirst) start = index;
      line += (isFirst ? "M" : "L") + `${index} ${y}`;
      // A value alone is a line of length 1, or it would not be seen.
      if (isFirst && (this.points[index + 1] ?? null) === null) line += "h1";
      area += isFirst ? `M${index} ${this.height}V${y}` : `L${index} ${y}`;
    });
    close();
    setAttribute(this.line, "d", line);
    setAttribute(this.area, "d", area);
  }

  /** What stands beside the line while nobody points at it. */
  rest() {
    if (this.readout) setText(this.readout, this.top > 0 ? `${narrow.matches ? "≤" : "peak"} ${figure(this.kind, this.top)}` : "");
  }

  point(event) {
    this.isPointed = event !== null;
    if (!event) {
      this.cursor.removeAttribute("d");
      return this.rest();
    }
    const box = this.element.getBoundingClientRect();
    const index = Math.min(this.width - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * this.width)));
    const value = this.points[index];
    setAttribute(this.cursor, "d", `M${index} 0V${this.height}`);
    if (this.readout && this.time) setText(this.readout, `${clock(this.time(index))}  ${value === null || value === undefined ? DASH : figure(this.kind, value)}`);
  }
}

/** A figure with its name and its line. */
class Tile {
  constructor(id, label, kind, key, options) {
    this.kind = kind;
    this.key = key;
    this.figure = make("data", { id, value: "" }, DASH);
    this.unit = make("span", { class: "unit" }, formats[kind](null)[1]);
    this.readout = make("span", { class: "readout small quiet" });
    this.chart = new Chart(label, kind, { ...options, readout: this.readout });
    this.element = make("div", { class: "tile" },
      make("div", { class: "tile-head" }, make("span", { class: "tile-name" }, label), this.readout),
      make("p", { class: "tile-figure" }, this.figure, this.unit), this.chart.element);
  }

  update(value) {
    const [text, unit] = formats[this.kind](value);
    setAttribute(this.figure, "value", isKnown(value) ? String(value) : "");
    setText(this.figure, text);
    setText(this.unit, unit);
  }

  draw(history, spanText) {
    const values = history && history[this.key];
    if (values) this.chart.draw(values, history.step_seconds, new Date(history.end).getTime(), spanText);
  }
}
