import GatewayCore
import NIOCore

/// What the API shows and changes.
extension DeliveryRows {
    /// Returns deliveries of a webhook, the newest first.
    ///
    /// - Parameters:
    ///   - status: Nil: all.
    ///   - cursor: Only those older than this key.
    static func list(
        of webhook: String,
        status: DeliveryReport.Status?,
        before cursor: Int64?,
        limit: Int,
        in connection: SQLiteConnection
    ) throws(SQLiteError) -> [DeliveryReport] {
        var found: [DeliveryReport] = []
        // One state after the other, because each is in order in the index.
        for state in status?.states ?? DeliveryReport.Status.allCases.flatMap(\.states) {
            found += try connection.all(
                """
                SELECT d.n, d.event, e.type, d.state, d.due, d.attempts FROM deliveries d JOIN events e ON e.id = d.event
                WHERE d.webhook = ? AND d.state = ? AND d.n < ? ORDER BY d.n DESC LIMIT ?
                """,
                .text(webhook),
                .integer(state.rawValue),
                .integer(cursor ?? .max),
                .integer(Int64(limit))
            ) { DeliveryReport($0, webhook: webhook) }
        }
        return Array(found.sorted { $0.key > $1.key }.prefix(limit))
    }

    /// Makes a delivery due again, with all tries ahead of it. Returns how many more wait now; nil if there is no such
    /// delivery.
    static func redeliver(
        _ event: EventID,
        to webhook: String,
        in connection: SQLiteConnection
    ) throws(SQLiteError) -> Int? {
        let state = try connection.first(
            "SELECT state FROM deliveries WHERE event = ? AND webhook = ?",
            .blob(event.bytes),
            .text(webhook)
        ) { State(rawValue: $0.integer(0)) }
        guard let state else { return nil }
        try connection.run(
            "UPDATE deliveries SET state = 0, due = 0, tries = 0, finished = NULL WHERE event = ? AND webhook = ?",
            .blob(event.bytes),
            .text(webhook)
        )
        return state == .waiting || state == .retrying ? 0 : 1
    }

    /// Deletes all deliveries of a webhook.
    static func delete(of webhook: String, in connection: SQLiteConnection) throws(SQLiteError) {
        try connection.run("DELETE FROM deliveries WHERE webhook = ?", .text(webhook))
    }

    // MARK: Pruning

    /// How long deliveries are kept after their end, and those that wait in vain after their event, in milliseconds.
    static let retention: Int64 = 30 * 24 * 3600 * 1000
    /// How many are kept of each webhook.
    static let deliveredLimit = 1000
    static let failedLimit = 100_000
    /// The most rows that one step deletes, so that no delivery waits for long.
    static let pruneStep = 500

    /// Deletes deliveries of a webhook that have ended long ago, or are too many. Returns whether there may be more.
    static func prune(_ webhook: String, at time: Int64, in connection: SQLiteConnection) throws(SQLiteError) -> Bool {
        var hasMore = false
        for (state, limit) in [(State.delivered, self.deliveredLimit), (.failed, self.failedLimit)] {
            let count = try connection.run(
                """
                DELETE FROM deliveries WHERE n IN (
                    SELECT n FROM (
                        SELECT n, finished FROM deliveries WHERE webhook = ?1 AND state = ?2 ORDER BY n LIMIT ?5
                    ) WHERE finished < ?3 OR n <= ifnull((
                        SELECT n FROM deliveries WHERE webhook = ?1 AND state = ?2 ORDER BY n DESC LIMIT 1 OFFSET ?4
                    ), 0)
                )
                """,
                .text(webhook),
                .integer(state.rawValue),
                .integer(time - self.retention),
                .integer(Int64(limit)),
                .integer(Int64(self.pruneStep))
            )
            if count == self.pruneStep { hasMore = true }
        }
        return hasMore
    }

    /// All webhooks that have deliveries, including those that are gone.
    static func webhooks(in connection: SQLiteConnection) throws(SQLiteError) -> [String] {
        try connection.all("SELECT DISTINCT webhook FROM deliveries") { $0.text(0) }
    }

    /// Returns the space of deleted rows to the file system.
    static func shrink(_ connection: SQLiteConnection) throws(SQLiteError) {
        try connection.script("PRAGMA incremental_vacuum(1000)")
    }
}
