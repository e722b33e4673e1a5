// Alerts

const ALERT_ORDER = { firing: 0, pending: 1, ok: 2, no_data: 3 };
const ALERT_LEVELS = { firing: "bad", pending: "warn", ok: "good" };
/** The alerts shown at once: what fires first. */
const ALERTS = 50;

const alerts = {
  update(figures) {
    const list = [...(figures.alerts || [])].sort((one, other) => (ALERT_ORDER[one.state] ?? 9) - (ALERT_ORDER[other.state] ?? 9)
      || one.name.localeCompare(other.name) || JSON.stringify(one.labels).localeCompare(JSON.stringify(other.labels)));
    badge("alerts-count", list.filter((alert) => alert.state === "firing").length, "bad");
    const box = byId("alerts-box");
    sync(box, [list.length ? "some" : "none"], (part) => part, (part) => part === "none"
      ? empty("There are no alerts.", "Add [[alerts]] with a condition, such as when = \"error_rate > 5%\". What fires is listed here, and webhooks are told.") : this.part(), () => {});
    if (!list.length) return;
    const { body, foot } = box.known.get("some");
    setText(foot, list.length > ALERTS ? `${plural(list.length - ALERTS, "further alert")} in GET /alerts.` : "");
    sync(body, list.slice(0, ALERTS), (alert) => alert.name + JSON.stringify(alert.labels), (alert) => this.row(alert), (row, alert) => this.fill(row, alert, figures));
  },

  part() {
    const { element, body } = table("Alerts, those that fire first", ["Alert", "State", "Value", "Severity", "Silenced", ""], { isNumber: (head) => head === "Value" });
    const foot = make("p", { class: "quiet small foot-note" });
    return Object.assign(make("div", null, make("div", { class: "scroll" }, element), foot), { body, foot });
  },

  row(alert) {
    const labels = Object.entries(alert.labels || {}).map(([name, value]) => `${name} ${value}`).join(", ");
    const button = make("button", { type: "button", class: "mini", click: () => this.silence(alert.name, row.isSilenced) });
    const row = make("tr", { role: "row" }, make("th", { scope: "row", role: "rowheader" }, alert.name, make("span", { class: "quiet small note-after" }, labels)),
      cell("State", make("span", null, make("span", { class: "tag" }), make("span", { class: "quiet small reason" }))),
      cell("Value", data("number"), true), cell("Severity", alert.severity), cell("Silenced", make("span")), cell("", make("span", { class: "actions" }, button)));
    row.button = button;
    return row;
  },

  fill(row, alert, figures) {
    const [, state, value, , silenced] = row.children;
    const [tag, since] = state.firstChild.children;
    setText(tag, alert.state.replace("_", " "));
    tag.className = `tag ${ALERT_LEVELS[alert.state] || ""}`;
    setText(since, `for ${span((Date.parse(figures.time) - Date.parse(alert.since)) / 1000)}`);
    setData(value.firstChild, alert.value);
    setText(silenced.firstChild, alert.silenced_until ? `until ${clock(alert.silenced_until)}` : DASH);
    silenced.firstChild.className = alert.silenced_until ? "" : "quiet";
    row.isSilenced = Boolean(alert.silenced_until);
    setText(row.button, row.isSilenced ? "End silence…" : "Silence…");
    setAttribute(row.button, "aria-label", `${row.isSilenced ? "End silence of" : "Silence"} ${alert.name}`);
  },

  async silence(name, isSilenced) {
    const path = `/alerts/${encodeURIComponent(name)}/silence`;
    await confirmed(isSilenced ? {
      title: `End the silence of ${name}?`, text: "If it still fires, that is reported now.", action: "End silence", act: () => post(path, undefined, "DELETE"),
    } : {
      title: `Silence ${name}`, text: "No events and webhooks of this alert, for all of its routes and targets.",
      fields: [
        { name: "for", label: "For", options: [["30m", "30 minutes"], ["2h", "2 hours"], ["8h", "8 hours"], ["24h", "1 day"], ["168h", "7 days"]] },
        { name: "comment", label: "Why", type: "text", placeholder: "deploying, known problem, …", maxlength: "200" },
      ],
      action: "Silence", act: (fields) => post(path, fields),
    });
    dashboard.soon();
  },
};
