import GatewayCore

/// The run of the gateway that uses the event store. A row that a run finds at its start belongs to one that did not
/// shut down cleanly.
package struct StoredRun: Hashable, Sendable {
    /// The gateway's name in events, `HOST:PID`.
    package var gateway: String
    package var version: String
    /// When it began, in milliseconds since 1970.
    package var started: Int64

    package init(gateway: String, version: String, started: Int64) {
        self.gateway = gateway
        self.version = version
        self.started = started
    }
}

/// The table of ``StoredRun``, which has one row at most.
enum RunRows {
    static let schema = """
        CREATE TABLE run (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            gateway TEXT NOT NULL,
            version TEXT NOT NULL,
            started INTEGER NOT NULL
        );
        """

    /// Notes that a run has begun.
    ///
    /// - Returns: The run before it, if it did not shut down cleanly.
    static func begin(_ run: StoredRun, in connection: SQLiteConnection) throws(SQLiteError) -> StoredRun? {
        let last = try connection.first("SELECT gateway, version, started FROM run") { row in
            StoredRun(gateway: row.text(0), version: row.text(1), started: row.integer(2))
        }
        try connection.run(
            "INSERT OR REPLACE INTO run (id, gateway, version, started) VALUES (1, ?, ?, ?)",
            .text(run.gateway),
            .text(run.version),
            .integer(run.started)
        )
        return last == run ? nil : last
    }

    /// Notes that a run has shut down, or has left the store to another process.
    static func end(_ run: StoredRun, in connection: SQLiteConnection) throws(SQLiteError) {
        try connection.run(
            "DELETE FROM run WHERE gateway = ? AND started = ?",
            .text(run.gateway),
            .integer(run.started)
        )
    }
}
