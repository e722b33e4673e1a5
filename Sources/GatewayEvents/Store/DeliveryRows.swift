import GatewayCore
import NIOCore

/// The deliveries in the event store, and the events that they deliver.
enum DeliveryRows {
    /// An event is stored once for all webhooks, and goes with its last delivery.
    ///
    /// The indices find the next delivery of a webhook without reading those that wait: one holds all of them in order, the
    /// other only those that failed before.
    static let schema = """
        CREATE TABLE events (
            id BLOB PRIMARY KEY,
            type TEXT NOT NULL,
            json BLOB NOT NULL,
            uses INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE deliveries (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            webhook TEXT NOT NULL,
            event BLOB NOT NULL,
            state INTEGER NOT NULL DEFAULT 0,
            due INTEGER NOT NULL DEFAULT 0,
            tries INTEGER NOT NULL DEFAULT 0,
            attempts TEXT NOT NULL DEFAULT '',
            finished INTEGER,
            UNIQUE (event, webhook)
        );
        CREATE INDEX deliveries_in_order ON deliveries (webhook, state, n);
        CREATE INDEX deliveries_by_time ON deliveries (webhook, due) WHERE state = 1;
        CREATE TRIGGER deliveries_release AFTER DELETE ON deliveries BEGIN
            UPDATE events SET uses = uses - 1 WHERE id = old.event;
            DELETE FROM events WHERE id = old.event AND uses <= 0;
        END;
        """

    /// What the column `state` means.
    enum State: Int64 {
        /// Waits for its turn.
        case waiting = 0
        /// Has failed, and waits for its next try.
        case retrying = 1
        case delivered = 2
        case failed = 3
    }

    // MARK: Accepting

    /// Stores an event and its deliveries. Returns the keys of the deliveries, by webhook.
    static func insert(
        _ event: WebhookEvent,
        for webhooks: [String],
        in connection: SQLiteConnection
    ) throws(SQLiteError) -> [(webhook: String, key: Int64)] {
        let id = SQLiteValue.blob(event.id.bytes)
        try connection.run(
            """
            INSERT INTO events (id, type, json, uses) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET uses = uses + excluded.uses
            """,
            id,
            .text(event.type),
            .blob(event.json),
            .integer(Int64(webhooks.count))
        )
        var keys: [(String, Int64)] = []
        for webhook in webhooks {
            let count = try connection.run(
                "INSERT OR IGNORE INTO deliveries (webhook, event) VALUES (?, ?)",
                .text(webhook),
                id
            )
            if count > 0 { keys.append((webhook, connection.lastKey)) }
        }
        return keys
    }

    /// Gives up the oldest deliveries of a webhook that wait. Returns their keys.
    static func failOldest(
        _ count: Int,
        of webhook: String,
        because error: String,
        at time: Int64,
        in connection: SQLiteConnection
    ) throws(SQLiteError) -> [Int64] {
        let keys = try connection.all(
            """
            SELECT n FROM (
                SELECT * FROM (SELECT n FROM deliveries WHERE webhook = ?1 AND state = 0 ORDER BY n LIMIT ?2)
                UNION ALL
                SELECT * FROM (SELECT n FROM deliveries WHERE webhook = ?1 AND state = 1 ORDER BY n LIMIT ?2)
            ) ORDER BY n LIMIT ?2
            """,
            .text(webhook),
            .integer(Int64(count))
        ) { $0.integer(0) }
        let note = DeliveryTry(time: time, status: nil, duration: 0, error: error).line
        for key in keys {
            try connection.run(
                "UPDATE deliveries SET state = 3, attempts = attempts || ?, finished = ? WHERE n = ?",
                .text(note),
                .integer(time),
                .integer(key)
            )
        }
        return keys
    }

    // MARK: Sending

    /// What a webhook can be sent now.
    struct Page: Sendable {
        /// In order.
        var deliveries: [WebhookDelivery] = []
        /// Whether there may be further ones.
        var hasMore = false
        /// The next of those that are not due yet, and when it is, in milliseconds since 1970.
        var next: (key: Int64, due: Int64)?
    }

    /// Returns the next deliveries of a webhook: the oldest of those that are due.
    static func page(
        of webhook: String,
        at time: Int64,
        limit: Int,
        in connection: SQLiteConnection
    ) throws(SQLiteError) -> Page {
        let columns = "SELECT d.n, d.event, e.type, e.json, d.tries, d.attempts FROM deliveries d "
        let join = "JOIN events e ON e.id = d.event "
        let count = SQLiteValue.integer(Int64(limit))
        let waiting = try connection.all(
            columns + join + "WHERE d.webhook = ? AND d.state = 0 ORDER BY d.n LIMIT ?",
            .text(webhook),
            count,
            read: WebhookDelivery.init
        )
        let retries = try connection.all(
            columns + join + "WHERE d.webhook = ? AND d.state = 1 AND d.due <= ? ORDER BY d.due LIMIT ?",
            .text(webhook),
            .integer(time),
            count,
            read: WebhookDelivery.init
        )
        var page = Page()
        page.deliveries = (waiting + retries).sorted { $0.key < $1.key }
        page.hasMore = waiting.count == limit || retries.count == limit
        page.next = try connection.first(
            "SELECT n, due FROM deliveries WHERE webhook = ? AND state = 1 AND due > ? ORDER BY due LIMIT 1",
            .text(webhook),
            .integer(time)
        ) { ($0.integer(0), $0.integer(1)) }
        return page
    }

    /// Stores how a try ended.
    static func update(
        _ delivery: WebhookDelivery,
        to state: State,
        due: Int64,
        finished: Int64?,
        in connection: SQLiteConnection
    ) throws(SQLiteError) {
        try connection.run(
            "UPDATE deliveries SET state = ?, due = ?, tries = ?, attempts = ?, finished = ? WHERE n = ?",
            .integer(state.rawValue),
            .integer(due),
            .integer(Int64(delivery.tries)),
            .text(DeliveryTry.text(of: delivery.attempts)),
            SQLiteValue(finished),
            .integer(delivery.key)
        )
    }

    /// Makes all deliveries of a webhook that have failed before due, with all tries ahead of them.
    static func restart(_ webhook: String, in connection: SQLiteConnection) throws(SQLiteError) {
        try connection.run(
            "UPDATE deliveries SET state = 0, due = 0, tries = 0 WHERE webhook = ? AND state = 1",
            .text(webhook)
        )
    }

    /// The number of deliveries that wait, by webhook.
    static func pending(in connection: SQLiteConnection) throws(SQLiteError) -> [String: Int] {
        let counts = try connection.all(
            "SELECT webhook, count(*) FROM deliveries WHERE state IN (0, 1) GROUP BY webhook"
        ) { ($0.text(0), Int($0.integer(1))) }
        return Dictionary(counts, uniquingKeysWith: +)
    }

    // MARK: Moving

    /// Copies the deliveries that were not delivered.
    static func copy(from source: SQLiteConnection, to target: SQLiteConnection) throws(SQLiteError) {
        let rows = try source.all(
            """
            SELECT d.n, d.event, e.type, e.json, d.tries, d.attempts, d.webhook, d.state, d.due, d.finished
            FROM deliveries d JOIN events e ON e.id = d.event WHERE d.state <> 2 ORDER BY d.n
            """
        ) { (WebhookDelivery($0), $0.text(6), State(rawValue: $0.integer(7)), $0.integer(8), $0.optionalInteger(9)) }
        try target.transaction { target throws(SQLiteError) in
            for (delivery, webhook, state, due, finished) in rows {
                for (_, key) in try self.insert(delivery.event, for: [webhook], in: target) {
                    var copy = WebhookDelivery(key: key, event: delivery.event)
                    (copy.tries, copy.attempts) = (delivery.tries, delivery.attempts)
                    try self.update(copy, to: state ?? .waiting, due: due, finished: finished, in: target)
                }
            }
        }
    }

    /// Moves the deliveries that were not delivered to the database at a path.
    static func move(from connection: SQLiteConnection, to path: String) throws(SQLiteError) {
        try connection.run("ATTACH ? AS target", .text(path))
        defer { try? connection.script("DETACH target") }
        try connection.transaction { connection throws(SQLiteError) in
            try connection.script(
                """
                DELETE FROM main.deliveries WHERE state = 2;
                INSERT OR IGNORE INTO target.events SELECT * FROM main.events;
                INSERT OR IGNORE INTO target.deliveries (webhook, event, state, due, tries, attempts, finished)
                    SELECT webhook, event, state, due, tries, attempts, finished FROM main.deliveries ORDER BY n;
                DELETE FROM main.deliveries;
                """
            )
        }
    }
}
