import FoundationEssentials
import GatewaySettings

/// The webhooks in the event store: those made through the API, and whether each of all is enabled.
enum WebhookRows {
    /// `settings` is JSON and contains secrets.
    static let schema = """
        CREATE TABLE webhooks (
            id TEXT PRIMARY KEY,
            settings TEXT NOT NULL,
            former_secret TEXT,
            former_until INTEGER
        ) WITHOUT ROWID;
        CREATE TABLE webhook_states (
            id TEXT PRIMARY KEY,
            disabled TEXT,
            failing_since INTEGER
        ) WITHOUT ROWID;
        """

    /// What the gateway remembers of a webhook, of the file or of the API.
    struct State: Hashable, Sendable {
        /// Why it is disabled; nil if it is enabled.
        var disabled: String?
        /// Since when everything fails, in milliseconds since 1970; nil if the last try succeeded.
        var failingSince: Int64?
    }

    /// What the store knows of all webhooks.
    struct Reading: Sendable {
        var webhooks: [Webhook] = []
        var states: [String: State] = [:]
        /// The number of deliveries that wait.
        var pending: [String: Int] = [:]
    }

    /// Returns the webhooks made through the API, by ID. A row that cannot be read is skipped.
    static func all(in connection: SQLiteConnection) throws(SQLiteError) -> [Webhook] {
        try connection.all("SELECT id, settings, former_secret, former_until FROM webhooks ORDER BY id") { row in
            self.settings(row.text(1)).map { settings in
                var webhook = Webhook(settings: settings, isFromFile: false)
                webhook.settings.id = row.text(0)
                webhook.formerSecret = row.optionalText(2).map { .init(secret: $0, until: row.integer(3)) }
                return webhook
            }
        }.compactMap { $0 }
    }

    /// Adds or replaces a webhook.
    static func put(_ webhook: Webhook, in connection: SQLiteConnection) throws(SQLiteError) {
        try connection.run(
            "INSERT OR REPLACE INTO webhooks (id, settings, former_secret, former_until) VALUES (?, ?, ?, ?)",
            .text(webhook.id),
            .text(try self.text(webhook.settings)),
            SQLiteValue(webhook.formerSecret?.secret),
            SQLiteValue(webhook.formerSecret?.until)
        )
    }

    /// Deletes a webhook and all that is known of it.
    static func delete(_ id: String, in connection: SQLiteConnection) throws(SQLiteError) {
        try connection.run("DELETE FROM webhooks WHERE id = ?", .text(id))
        try connection.run("DELETE FROM webhook_states WHERE id = ?", .text(id))
        try DeliveryRows.delete(of: id, in: connection)
    }

    // MARK: States

    static func states(in connection: SQLiteConnection) throws(SQLiteError) -> [String: State] {
        let states = try connection.all("SELECT id, disabled, failing_since FROM webhook_states") { row in
            (row.text(0), State(disabled: row.optionalText(1), failingSince: row.optionalInteger(2)))
        }
        return Dictionary(states, uniquingKeysWith: { _, last in last })
    }

    static func set(_ state: State, of id: String, in connection: SQLiteConnection) throws(SQLiteError) {
        guard state != State() else {
            try connection.run("DELETE FROM webhook_states WHERE id = ?", .text(id))
            return
        }
        try connection.run(
            "INSERT OR REPLACE INTO webhook_states (id, disabled, failing_since) VALUES (?, ?, ?)",
            .text(id),
            SQLiteValue(state.disabled),
            SQLiteValue(state.failingSince)
        )
    }

    // MARK: Settings

    private static func text(_ settings: WebhookConfiguration) throws(SQLiteError) -> String {
        guard let data = try? JSONEncoder().encode(settings) else {
            throw SQLiteError(.other, "the settings cannot be written as JSON")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// Reads settings that this or an older version wrote, which may lack some.
    private static func settings(_ text: String) -> WebhookConfiguration? {
        let decoder = JSONDecoder()
        guard let defaults = try? JSONEncoder().encode(WebhookConfiguration()),
            let all = try? decoder.decode([String: SettingValue].self, from: defaults),
            let written = try? decoder.decode([String: SettingValue].self, from: Data(text.utf8)),
            let merged = try? JSONEncoder().encode(all.merging(written) { _, written in written })
        else { return nil }
        return try? decoder.decode(WebhookConfiguration.self, from: merged)
    }
}

extension WebhookRows.Reading {
    init(_ connection: SQLiteConnection) throws(SQLiteError) {
        self.webhooks = try WebhookRows.all(in: connection)
        self.states = try WebhookRows.states(in: connection)
        self.pending = try DeliveryRows.pending(in: connection)
    }
}
