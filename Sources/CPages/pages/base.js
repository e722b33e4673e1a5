"use strict";
// Elements, formats, requests and dialogs: what both pages need. Texts from the gateway reach the document as text only,
// because names of routes and paths of requests are written by others.

const byId = (id) => document.getElementById(id);

/** Makes an element. Attributes that are null or false are left out; functions listen to the event of that name. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Changes a text only if it differs, so that selections survive. */
function setText(element, text) {
  if (element.firstChild && element.firstChild === element.lastChild && element.firstChild.nodeType === 3) {
    if (element.firstChild.data !== text) element.firstChild.data = text;
  } else if (element.textContent !== text || element.firstElementChild) {
    element.textContent = text;
  }
}

function setAttribute(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

const setHidden = (element, isHidden) => { if (element.hidden !== isHidden) element.hidden = isHidden; };

/** Shows `items` as children of `parent`, in order. Elements that exist are kept, so they keep focus, scroll and selection. */
function sync(parent, items, keyOf, create, update) {
  const known = parent.known || (parent.known = new Map());
  const wanted = new Map();
  for (const item of items) wanted.set(keyOf(item), item);
  for (const [key, element] of known) {
    if (wanted.has(key)) continue;
    element.remove();
    known.delete(key);
  }
  let place = parent.firstElementChild;
  for (const [key, item] of wanted) {
    let element = known.get(key);
    if (!element) known.set(key, element = create(item));
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
}

// Formats

const DASH = "–";
const isKnown = (value) => typeof value === "number" && Number.isFinite(value);

/** Three significant digits at most, with separators: 0.04, 7.3, 57, 1,204, 3.1 M. */
function short(value) {
  if (!isKnown(value)) return DASH;
  const size = Math.abs(value);
  if (size >= 1e9) return (value / 1e9).toFixed(1) + " G";
  if (size >= 1e6) return (value / 1e6).toFixed(1) + " M";
  if (size >= 99.95) return Math.round(value).toLocaleString("en");
  if (size >= 9.995) return value.toFixed(1);
  return size === 0 ? "0" : value.toFixed(2);
}

const whole = (value) => isKnown(value) ? Math.round(value).toLocaleString("en") : DASH;

/** The parts of a figure: its number and its unit. */
const formats = {
  rate: (value) => [short(value), "/s"],
  ratio: (value) => {
    if (!isKnown(value)) return [DASH, "%"];
    const percent = value * 100;
    if (percent > 0 && percent < 0.01) return ["< 0.01", "%"];
    return [percent === 0 || percent === 100 ? String(percent) : percent.toFixed(percent < 1 ? 2 : 1), "%"];
  },
  ms: (value) => {
    if (!isKnown(value)) return [DASH, "ms"];
    return value >= 9995 ? [short(value / 1000), "s"] : [short(value), "ms"];
  },
  count: (value) => [whole(value), ""],
  number: (value) => [short(value), ""],
  cores: (value) => [isKnown(value) ? value.toFixed(2) : DASH, value === 1 ? "core" : "cores"],
  bytes: (value) => {
    if (!isKnown(value)) return [DASH, "MiB"];
    for (const [size, unit] of [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [1024, "KiB"]]) {
      if (value >= size) return [(value / size).toFixed(value / size >= 99.95 ? 0 : 1), unit];
    }
    return [whole(value), "B"];
  },
};

const figure = (kind, value) => formats[kind](value).join(kind === "rate" || kind === "ratio" ? "" : " ").trim();

/** A `<data>` with the value as it was sent, and its text. */
const data = (kind) => make("data", { value: "", "data-kind": kind });

function setData(element, value) {
  const kind = element.dataset.kind;
  setAttribute(element, "value", isKnown(value) ? String(value) : "");
  setText(element, isKnown(value) ? figure(kind, value) : DASH);
}

function clock(time, withDate) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return DASH;
  const two = (number) => String(number).padStart(2, "0");
  const text = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return withDate || Math.abs(Date.now() - date) > 20 * 3600e3 ? `${day} ${text}` : text;
}

/** "8 s", "4 min", "2 h 5 min", "3 d 4 h". */
function span(seconds) {
  if (!isKnown(seconds)) return DASH;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const parts = [[86400, "d"], [3600, "h"], [60, "min"]];
  let rest = whole;
  const texts = [];
  for (const [size, unit] of parts) {
    if (rest >= size && texts.length < 2) texts.push(`${Math.floor(rest / size)} ${unit}`);
    rest %= size;
  }
  return texts.join(" ");
}

const plural = (count, one, many = one + "s") => `${whole(count)} ${count === 1 ? one : many}`;

// Requests

/** Only here, until the page closes: not in storage, not in a URL. */
let token = null;

class Refusal extends Error {
  constructor(status, body, text) {
    super(text);
    this.status = status;
    this.body = body;
  }
}

/** The gateway's own words for a refusal. */
function words(status, body) {
  if (!body || typeof body !== "object") return `The gateway answered with status ${status}.`;
  const places = (body.errors || []).map((error) => {
    const line = error.line ? `${body.file}:${error.line}:${error.column || 1}: ` : "";
    const name = error.field || error.key;
    return line + (name ? `${name}: ` : "") + (error.reason || error.message || "") + (error.suggestion ? `; ${error.suggestion}` : "");
  });
  return [body.detail || (places.length ? "" : body.title), ...places].filter(Boolean).join("\n") || `Status ${status}`;
}

/** Sends a request with the token. Asks for it after a 401, as often as needed. `limit` is for each attempt, in milliseconds. */
async function request(path, { limit = 0, ...options } = {}) {
  for (;;) {
    const headers = new Headers(options.headers || {});
    const sent = token;
    if (sent !== null) headers.set("Authorization", `Bearer ${sent}`);
    const response = await fetch(path, {
      ...options, ...(limit ? { signal: AbortSignal.timeout(limit) } : {}), headers, cache: "no-store", credentials: "same-origin", redirect: "error", referrerPolicy: "no-referrer",
    });
    if (response.status !== 401) return response;
    const problem = await response.json().catch(() => null);
    // Another request may have asked in the meantime.
    if (sent === token) await askToken(sent === null ? "" : words(401, problem));
  }
}

/** Returns the JSON of an answer; throws a ``Refusal`` for any status that is not a success. */
async function json(path, options) {
  const response = await request(path, options);
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Refusal(response.status, body, words(response.status, body));
  return body;
}

const post = (path, body, method = "POST") =>
  json(path, { method, body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body) });

/** What to tell the user about a failed request. */
const reason = (error) => error instanceof Refusal ? error.message : "The gateway cannot be reached.";

// Dialogs

let asking = null;

/** Asks for the token in a form. Requests that wait share one form. */
function askToken(problem) {
  asking = asking || new Promise((resolve) => {
    const input = make("input", {
      id: "token", type: "password", name: "token", required: true, autocomplete: "off", spellcheck: "false",
      "aria-describedby": problem ? "token-problem" : null, "aria-invalid": problem ? "true" : null,
    });
    const form = make("form", { method: "dialog", class: "ask", submit: (event) => {
      event.preventDefault();
      if (!input.value) return;
      token = input.value;
      dialog.close();
      dialog.remove();
      asking = null;
      resolve();
    } },
    make("p", { id: "token-title", class: "ask-title" }, "This gateway needs a token"),
    make("p", { class: "quiet" }, "It is ", make("code", null, "admin.token"), " of the configuration. The page keeps it until you close or reload it."),
    make("label", { for: "token" }, "Token"), input,
    problem ? make("p", { class: "wrong", id: "token-problem", role: "alert" }, problem) : null,
    make("div", { class: "buttons" }, make("button", { type: "submit", class: "main" }, "Continue")));
    const dialog = make("dialog", { "aria-labelledby": "token-title", cancel: (event) => event.preventDefault() }, form);
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
  return asking;
}

/**
 * Asks before something is changed, and shows the gateway's answer if it refuses.
 *
 * `fields` are labelled inputs, `act` gets their values by name and does it. Returns what `act` returned, or null if the user cancelled.
 */
function confirmed({ title, text, fields = [], action, isDanger = false, act }) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const problem = make("p", { class: "wrong", role: "alert", hidden: true });
    const go = make("button", { type: "submit", class: isDanger ? "danger" : "main" }, action);
    const finish = (result) => {
      dialog.close();
      dialog.remove();
      if (before && before.isConnected) before.focus();
      resolve(result);
    };
    const form = make("form", { method: "dialog", class: "ask", submit: async (event) => {
      event.preventDefault();
      if (go.disabled) return;
      go.disabled = true;
      setHidden(problem, true);
      try {
        finish(await act(Object.fromEntries(new FormData(form))));
      } catch (error) {
        setText(problem, reason(error));
        setHidden(problem, false);
        go.disabled = false;
      }
    } },
    make("p", { id: "ask-title", class: "ask-title" }, title),
    text ? make("p", { class: "quiet" }, text) : null,
    ...fields.flatMap((field) => {
      const input = field.options
        ? make("select", { id: `ask-${field.name}`, name: field.name }, ...field.options.map(([value, label]) => make("option", { value }, label)))
        : make("input", { autocomplete: "off", ...field, label: null, id: `ask-${field.name}` });
      return [make("label", { for: `ask-${field.name}` }, field.label), input];
    }),
    problem,
    make("div", { class: "buttons" },
      make("button", { type: "button", click: () => finish(null) }, "Cancel"), go));
    const dialog = make("dialog", { "aria-labelledby": "ask-title", cancel: (event) => { event.preventDefault(); finish(null); } }, form);
    document.body.append(dialog);
    dialog.showModal();
    (form.querySelector("input, select") || go).focus();
  });
}

/** An empty list, with what would be in it. */
const empty = (title, hint) => make("div", { class: "empty" }, make("p", null, title), hint ? make("p", { class: "quiet small" }, hint) : null);
