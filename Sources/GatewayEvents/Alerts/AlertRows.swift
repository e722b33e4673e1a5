import FoundationEssentials

/// The state of alerts in the event store: one row, which is replaced as a whole, because it is small and changes
/// rarely.
enum AlertRows {
    static let schema = """
        CREATE TABLE alerts (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            state TEXT NOT NULL
        ) STRICT;
        """

    static func save(_ alerts: StoredAlerts, to connection: SQLiteConnection) throws(SQLiteError) {
        guard let data = try? JSONEncoder().encode(alerts) else { return }
        let text = String(decoding: data, as: UTF8.self)
        try connection.run("INSERT OR REPLACE INTO alerts (id, state) VALUES (1, ?)", .text(text))
    }

    /// Returns nil if nothing was stored, or if it cannot be read.
    static func load(from connection: SQLiteConnection) throws(SQLiteError) -> StoredAlerts? {
        guard let text = try connection.first("SELECT state FROM alerts", read: { $0.text(0) }) else { return nil }
        return try? JSONDecoder().decode(StoredAlerts.self, from: Data(text.utf8))
    }
}
