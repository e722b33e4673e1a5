/// A delivery as the API shows it.
package struct DeliveryReport: Hashable, Sendable {
    package enum Status: String, CaseIterable, Sendable {
        case pending, delivered, failed

        var states: [DeliveryRows.State] {
            switch self {
            case .pending: [.waiting, .retrying]
            case .delivered: [.delivered]
            case .failed: [.failed]
            }
        }
    }

    /// `webhook-id`.
    package var id: String
    package var event: EventID
    /// The type of the event.
    package var type: String
    package var status: Status
    /// The oldest first.
    package var attempts: [DeliveryTry]
    /// When it is sent next, in milliseconds since 1970; nil if it has ended, or waits for its turn.
    package var nextAttempt: Int64?
    /// The cursor of what follows it in the list.
    package var key: Int64

    /// - Parameter row: Key, event, type, state, due, attempts.
    init(_ row: SQLiteRow, webhook: String) {
        self.key = row.integer(0)
        self.event = EventID(row.bytes(1))
        self.id = "\(DeliveryID(self.event, for: webhook))"
        self.type = row.text(2)
        let state = DeliveryRows.State(rawValue: row.integer(3))
        self.status = Status.allCases.first { status in status.states.contains { $0 == state } } ?? .failed
        self.nextAttempt = state == .retrying ? row.integer(4) : nil
        self.attempts = DeliveryTry.all(in: row.text(5))
    }
}
