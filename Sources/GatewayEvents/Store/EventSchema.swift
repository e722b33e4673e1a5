/// The tables of the event store, by version. The version of a file is its `user_version`.
///
/// Each part declares its own tables. Versions that were released never change; a change of a table is a further version.
struct EventSchema: Sendable {
    /// The scripts that lead from each version to the next.
    let steps: [[String]]

    static let current = EventSchema(steps: [
        [DeliveryRows.schema, WebhookRows.schema, AlertRows.schema, RunRows.schema]
    ])

    /// Brings a database to the current version.
    ///
    /// - Throws: ``SQLiteError/Kind/newer`` if a newer version of the gateway wrote it.
    func apply(to connection: SQLiteConnection) throws(SQLiteError) {
        if try self.version(of: connection) == self.steps.count { return }
        try connection.transaction { connection throws(SQLiteError) in
            // Another process may have done it in the meantime.
            let version = try self.version(of: connection)
            for script in self.steps[version...].joined() { try connection.script(script) }
            try connection.script("PRAGMA user_version = \(self.steps.count)")
        }
    }

    func version(of connection: SQLiteConnection) throws(SQLiteError) -> Int {
        let version = Int(try connection.first("PRAGMA user_version") { $0.integer(0) } ?? 0)
        guard version >= 0, version <= self.steps.count else {
            throw SQLiteError(
                .newer,
                "it was written by a newer version of the gateway (schema \(version), this one knows \(self.steps.count))"
            )
        }
        return version
    }
}
