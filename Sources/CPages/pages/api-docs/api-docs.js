// The API, from /openapi.json

const METHODS = ["get", "post", "put", "patch", "delete"];
let description = {};

/** Follows a `$ref` within the description. */
function resolved(value, depth = 0) {
  if (!value || typeof value.$ref !== "string" || depth > 8) return value || {};
  const found = value.$ref.replace(/^#\//, "").split("/").reduce((place, name) =>
    place && place[name.replaceAll("~1", "/").replaceAll("~0", "~")], description);
  return resolved(found, depth + 1);
}

/** "integer, 1 to 1000", "one of a, b", "array of string". */
function typeOf(schema, depth = 0) {
  const type = resolved(schema);
  if (depth > 3) return "…";
  if (type.const !== undefined) return JSON.stringify(type.const);
  if (type.enum) return `one of ${type.enum.map((value) => JSON.stringify(value)).join(", ")}`;
  const choices = type.oneOf || type.anyOf;
  if (choices) return choices.map((choice) => typeOf(choice, depth + 1)).join(" or ");
  const names = [type.type || "any"].flat();
  const name = names.map((one) => one === "array" ? `array of ${typeOf(type.items || {}, depth + 1)}` : type.format ? `${one} (${type.format})` : one).join(" or ");
  const range = isKnown(type.minimum) && isKnown(type.maximum) ? `, ${type.minimum} to ${type.maximum}`
    : isKnown(type.minimum) ? `, at least ${type.minimum}` : isKnown(type.maximum) ? `, at most ${type.maximum}` : "";
  return name + range + (type.default !== undefined ? `, default ${JSON.stringify(type.default)}` : "");
}

/** An example that the description gives, or one made from the schema. */
function exampleOf(media) {
  const content = resolved(media);
  if (content.example !== undefined) return content.example;
  const [first] = Object.values(content.examples || {});
  if (first) return resolved(first).value;
  return sample(content.schema, 0);
}

function sample(schema, depth) {
  const type = resolved(schema);
  if (type.example !== undefined) return type.example;
  if (type.examples && type.examples.length) return type.examples[0];
  if (type.default !== undefined) return type.default;
  if (type.const !== undefined) return type.const;
  if (type.enum) return type.enum[0];
  if (depth > 5) return undefined;
  const choice = (type.oneOf || type.anyOf || [])[0];
  if (choice) return sample(choice, depth + 1);
  const name = [type.type].flat().find((one) => one !== "null") || (type.properties ? "object" : null);
  if (type.allOf) return Object.assign({}, ...type.allOf.map((part) => sample(part, depth + 1)));
  if (name === "object") return Object.fromEntries(Object.entries(type.properties || {}).map(([key, value]) => [key, sample(value, depth + 1)]));
  if (name === "array") return type.items ? [sample(type.items, depth + 1)] : [];
  return { string: type.format === "date-time" ? "2026-01-01T00:00:00Z" : "", integer: 0, number: 0, boolean: false }[name];
}

/** A text whose `code` is marked with backticks. */
const marked = (text) => String(text || "").split("`").map((part, index) => index % 2 ? make("code", null, part) : part);

const asText = (value) => typeof value === "string" ? value : JSON.stringify(value, null, 2);

function tableOf(caption, heads, rows) {
  return make("div", { class: "scroll" }, make("table", null, make("caption", { class: "hidden" }, caption),
    make("thead", null, make("tr", null, ...heads.map((head) => make("th", { scope: "col" }, head)))),
    make("tbody", null, ...rows.map(([first, ...others]) => make("tr", null, make("th", { scope: "row" }, make("code", null, first)), ...others.map((text) => make("td", null, ...marked(text))))))));
}

/** The members of an object with their types. Those of objects within are named with a path, three levels deep. */
function members(schema, prefix = "", depth = 0) {
  const type = resolved(schema);
  const parts = [type, ...(type.allOf || []).map((part) => resolved(part))];
  return parts.flatMap((part) => Object.entries(part.properties || {})).flatMap(([name, value]) => {
    const member = resolved(value);
    const inner = [member.type].flat().includes("array") ? resolved(member.items) : member;
    const suffix = inner === member ? "" : "[]";
    return [[prefix + name, typeOf(value), member.description || ""],
      ...(depth < 2 ? members(inner, `${prefix}${name}${suffix}.`, depth + 1) : [])];
  });
}

const isStream = (operation) => Object.values(operation.responses || {}).some((answer) =>
  Object.keys(resolved(answer).content || {}).some((type) => type.startsWith("text/event-stream"))) || Boolean((operation.responses || {})["101"]);

class Endpoint {
  constructor(method, path, operation, shared) {
    Object.assign(this, { method, path, operation });
    this.parameters = [...shared, ...(operation.parameters || [])].map((parameter) => resolved(parameter));
    this.text = [method, path, operation.summary, operation.description, operation.operationId].filter(Boolean).join(" ").toLowerCase();
    this.element = make("details", { class: "endpoint", id: operation.operationId || null, toggle: () => this.fill() }, make("summary", null,
      make("span", { class: "method", "data-method": method }, method.toUpperCase()), make("code", { class: "path" }, path), make("span", { class: "what" }, ...marked(operation.summary))));
  }

  /** The details, made when they are first opened. */
  fill() {
    if (this.isFilled || !this.element.open) return;
    this.isFilled = true;
    const { operation, parameters } = this;
    const parts = [];
    if (operation.description && operation.description !== operation.summary) parts.push(make("p", null, ...marked(operation.description)));
    if (parameters.length) {
      parts.push(make("div", null, make("h3", null, "Parameters"), tableOf(`Parameters of ${this.path}`, ["Name", "In", "Type", "Meaning"],
        parameters.map((one) => [one.name, one.in + (one.required ? ", required" : ""), typeOf(one.schema || {}), one.description || ""]))));
    }
    const body = resolved(operation.requestBody);
    for (const [type, media] of Object.entries(body.content || {})) parts.push(this.content("Body", type, media));
    parts.push(make("h3", null, "Answers"), tableOf(`Answers of ${this.path}`, ["Status", "Content", "Meaning"], Object.entries(operation.responses || {}).map(([status, answer]) =>
      [status, Object.keys(resolved(answer).content || {}).join(", "), resolved(answer).description || ""])));
    const [success] = Object.entries(operation.responses || {}).filter(([status]) => status.startsWith("2"));
    if (success) {
      const [media] = Object.entries(resolved(success[1]).content || {});
      if (media) parts.push(this.content(`Answer ${success[0]}`, ...media));
    }
    if (this.method === "get" && !isStream(operation)) parts.push(this.form());
    this.element.append(make("div", { class: "inside" }, ...parts));
  }

  content(title, type, media) {
    const rows = members(resolved(media).schema || {});
    const example = exampleOf(media);
    return make("div", null, make("h3", null, `${title}: `, make("code", null, type)),
      rows.length ? tableOf(`Members of ${title}`, ["Member", "Type", "Meaning"], rows) : null,
      example !== undefined && example !== "" ? make("details", { open: !rows.length }, make("summary", null, "Example"), make("pre", { tabindex: "0" }, asText(example))) : null);
  }

  /** Sends the request from here. */
  form() {
    const inputs = this.parameters.filter((one) => one.in === "path" || one.in === "query").map((one) => {
      const id = `${this.method}-${this.path}-${one.name}`;
      const input = make("input", { id, name: one.name, required: Boolean(one.required), autocomplete: "off", spellcheck: "false", placeholder: one.example !== undefined ? String(one.example) : null });
      return { one, input, element: make("div", { class: "field" }, make("label", { for: id }, one.name + (one.required ? "" : " (optional)")), input) };
    });
    const status = make("p", { role: "status", class: "quiet" });
    const result = make("pre", { tabindex: "0", hidden: true, "aria-label": `Answer of ${this.path}` });
    const button = make("button", { type: "submit", class: "main", "aria-label": `Try ${this.path}` }, "Try");
    const form = make("form", { class: "try", submit: async (event) => {
      event.preventDefault();
      button.disabled = true;
      setText(status, "Waiting…");
      const before = performance.now();
      try {
        const response = await request(this.target(inputs));
        const text = await response.text();
        setText(status, `${response.status} ${response.statusText}, ${figure("ms", performance.now() - before)}, ${response.headers.get("content-type") || "no content"}`);
        setText(result, pretty(text));
        setHidden(result, !text);
      } catch (error) {
        setText(status, reason(error));
        setHidden(result, true);
      }
      button.disabled = false;
    } }, inputs.length ? make("div", { class: "fields" }, ...inputs.map((field) => field.element)) : null, make("div", { class: "go" }, button, status), result);
    return form;
  }

  target(inputs) {
    let path = this.path;
    const query = [];
    for (const { one, input } of inputs) {
      if (one.in === "path") path = path.replace(`{${one.name}}`, encodeURIComponent(input.value));
      else if (input.value !== "") query.push(`${encodeURIComponent(one.name)}=${encodeURIComponent(input.value)}`);
    }
    return path + (query.length ? `?${query.join("&")}` : "");
  }
}

/** The first 100,000 characters of an answer; JSON indented. */
function pretty(text) {
  let shown = text;
  try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* Other text is shown as it is. */ }
  return shown.length > 100_000 ? `${shown.slice(0, 100_000)}\n… ${whole(shown.length - 100_000)} further characters` : shown;
}

async function load() {
  const about = byId("about");
  try {
    description = await json("/openapi.json");
  } catch (error) {
    setText(about, reason(error));
    about.className = "wrong";
    return;
  }
  const info = description.info || {};
  setText(byId("version"), info.version || "");
  about.replaceChildren(...marked(info.description || "The endpoints of the admin API. Answers are JSON, errors are `application/problem+json`."));
  const groups = new Map((description.tags || []).map((tag) => [tag.name, { about: tag.description, list: [] }]));
  for (const [path, item] of Object.entries(description.paths || {})) {
    for (const method of METHODS) {
      if (!item[method]) continue;
      const [tag = "Other"] = item[method].tags || [];
      if (!groups.has(tag)) groups.set(tag, { list: [] });
      groups.get(tag).list.push(new Endpoint(method, path, item[method], item.parameters || []));
    }
  }
  const sections = [];
  for (const [name, { about, list }] of groups) {
    if (!list.length) continue;
    const id = `group-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
    const section = make("section", { class: "group", id, "aria-labelledby": `${id}-title` }, make("h2", { id: `${id}-title` }, name), about ? make("p", { class: "quiet" }, ...marked(about)) : null,
      make("div", { class: "card" }, ...list.map((endpoint) => endpoint.element)));
    const link = make("li", null, make("a", { href: `#${id}` }, name));
    sections.push({ section, link, list });
  }
  byId("list").replaceChildren(...sections.map(({ section }) => section));
  byId("groups").replaceChildren(...sections.map(({ link }) => link));
  byId("filter").addEventListener("input", ({ target }) => {
    const wanted = target.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { section, link, list } of sections) {
      let shown = 0;
      for (const endpoint of list) {
        const isShown = wanted.every((word) => endpoint.text.includes(word));
        setHidden(endpoint.element, !isShown);
        shown += isShown;
      }
      setHidden(section, shown === 0);
      setHidden(link, shown === 0);
      count += shown;
    }
    setHidden(byId("none"), count > 0);
  });
  const linked = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (linked) {
    if (linked.tagName === "DETAILS") linked.open = true;
    linked.scrollIntoView();
  }
}

load();
