// Configuration: what a reload would change, and the reload

const configuration = {
  build() {
    const file = make("input", { type: "file", id: "compare-file", accept: ".toml,text/plain", class: "hidden", tabindex: "-1", "aria-hidden": "true", change: () => this.compareFile(file) });
    this.result = make("div", { class: "outcome", role: "status", tabindex: "-1" });
    byId("configuration-box").append(
      make("p", { class: "quiet" }, "The gateway runs what it read last. See what its file would change now, before you reload it."),
      make("div", { class: "buttons start" },
        make("button", { type: "button", id: "diff", click: () => this.compare() }, "Show changes"),
        make("button", { type: "button", id: "reload", class: "main", click: () => this.reload() }, "Reload…"),
        make("button", { type: "button", class: "plain", click: () => file.click() }, "Compare another file…")), file, this.result);
  },

  /** Shows the outcome of `act`, or why it failed. */
  async run(about, act, heading) {
    this.result.replaceChildren(make("p", { class: "quiet" }, about));
    try {
      this.result.replaceChildren(...outcome(heading, await act()));
    } catch (error) {
      this.fail(heading, error);
    }
  },

  fail({ failed }, error) {
    this.result.replaceChildren(make("div", { class: "note bad-note" }, make("p", null, make("strong", null, failed)), make("p", { class: "wrong" }, reason(error))));
  },

  compare() {
    return this.run("Comparing…", () => post("/config/diff?of=file"), { none: "The file and the running configuration are the same.", some: "A reload would", failed: "A reload would be refused." });
  },

  async compareFile(input) {
    const [file] = input.files;
    if (!file) return;
    const text = await file.text();
    input.value = "";
    const name = file.name;
    await this.run(`Comparing ${name}…`, () => post("/config/diff", text), { none: `${name} and the running configuration are the same.`, some: `${name} would`, failed: `The gateway would refuse ${name}.` });
  },

  async reload() {
    const heading = { none: "Reloaded. Nothing changed.", some: "Reloaded:", isDone: true, failed: "The reload was refused. The gateway runs as before." };
    const done = await confirmed({
      title: "Reload the configuration?", text: "The gateway reads its file again. Open requests finish with the configuration that they began with; a file with errors changes nothing.",
      action: "Reload",
      act: async () => {
        try { return await post("/config/reload"); } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          return { error };
        }
      },
    });
    if (!done) return;
    if (done.error) this.fail(heading, done.error);
    else this.result.replaceChildren(...outcome(heading, done));
    this.result.focus();
    dashboard.soon();
  },
};

/** A comparison in words, then each change. */
function outcome(heading, changes) {
  const counts = [];
  const lists = [];
  for (const [kind, one] of [["routes", "route"], ["upstreams", "upstream"]]) {
    for (const [act, done, sign] of [["add", "added", "+"], ["remove", "removed", "−"], ["change", "changed", "~"]]) {
      const list = (changes[kind] || {})[done] || [];
      if (list.length) counts.push({ act, done, what: plural(list.length, one) });
      for (const item of list) {
        lists.push(make("li", { class: `change ${done}` }, make("p", null, make("span", { class: "sign-text", "aria-hidden": "true" }, sign), `${one} `,
          make("strong", null, item.name ?? item), make("span", { class: "quiet" }, ` ${done}`)), item.settings ? settingsOf(item.settings) : null));
      }
    }
  }
  const settings = Object.keys(changes.settings || {});
  if (settings.length) {
    counts.push({ act: "change", done: "changed", what: plural(settings.length, "setting") });
    lists.push(make("li", { class: "change changed" }, make("p", null, make("span", { class: "sign-text", "aria-hidden": "true" }, "~"),
      make("strong", null, "settings of the gateway"), make("span", { class: "quiet" }, " changed")), settingsOf(changes.settings)));
  }
  const texts = counts.map(({ act, done, what }) => heading.isDone ? `${what} ${done}` : `${act} ${what}`);
  const joined = texts.length > 1 ? `${texts.slice(0, -1).join(", ")} and ${texts[texts.length - 1]}` : texts[0];
  const warnings = (changes.warnings || []).map((warning) => make("p", { class: "warn" },
    [warning.key, warning.message].filter(Boolean).join(": ") + (warning.suggestion ? `; ${warning.suggestion}` : "")));
  return [make("p", null, make("strong", null, counts.length ? `${heading.some} ${joined}.` : heading.none)), ...warnings,
    lists.length ? make("ul", { class: "changes" }, ...lists) : null].filter(Boolean);
}

const written = (value) => value === null || value === undefined ? "absent" : typeof value === "string" ? `"${value}"` : JSON.stringify(value);

const settingsOf = (settings) => make("ul", { class: "changed-settings mono" }, ...Object.entries(settings).map(([key, { from, to }]) =>
  make("li", null, `${key}: `, make("del", null, written(from)), " → ", make("ins", null, written(to)))));
