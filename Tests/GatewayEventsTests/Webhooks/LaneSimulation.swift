import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayEvents

/// A lane with a store in memory and a clock that the test moves.
struct LaneSimulation {
    static let start: Int64 = 1_800_000_000_000

    let store: SQLiteConnection
    var lane = WebhookLane("ops")
    var schedule = WebhookLane.Schedule(retry: [5000, 300_000, 1_800_000], disableAfter: 432_000_000)
    var now = Self.start
    var random: SplitMix64
    private var ids = EventIDs()
    /// What was sent, and when.
    private(set) var sent: [(event: EventID, time: Int64)] = []
    private(set) var results: [(event: EventID, result: WebhookLane.OnResult)] = []
    private var page: (DeliveryRows.Page, Int)?

    init(seed: UInt64 = 1) throws {
        self.store = try SQLiteConnection(path: ":memory:", busyTimeout: 0)
        try EventSchema.current.apply(to: self.store)
        self.random = SplitMix64(seed: seed)
    }

    /// Stores an event for the webhook.
    @discardableResult
    mutating func accept() throws -> EventID {
        let id = self.ids.next(at: self.now, random: self.random.next())
        let event = WebhookEvent(id: id, type: "a", json: ByteBuffer(string: "{}"))
        for (_, key) in try DeliveryRows.insert(event, for: ["ops"], in: self.store) {
            self.lane.accepted(WebhookDelivery(key: key, event: event))
        }
        return id
    }

    /// Everything that was not stored is forgotten, as after the end of the process.
    mutating func restart() throws {
        self.lane = WebhookLane(
            "ops",
            isEnabled: self.lane.isEnabled,
            failingSince: self.lane.failingSince,
            pending: try DeliveryRows.pending(in: self.store)["ops"] ?? 0
        )
    }

    /// Lets the lane do what it can at this time.
    ///
    /// - Returns: Whether something is being sent now, or when to ask again.
    mutating func turn() throws -> (isSending: Bool, wake: Int64?) {
        while true {
            switch self.lane.next(at: self.now) {
            case .send(let delivery):
                self.sent.append((delivery.event.id, self.now))
                return (true, nil)
            case .fetch(let question):
                let page = try DeliveryRows.page(of: "ops", at: self.now, limit: WebhookLane.window, in: self.store)
                self.lane.fetched(page, for: question, at: self.now)
            case .wait(let until): return (false, until)
            case .idle: return (self.lane.sending != nil, nil)
            }
        }
    }

    /// What is being sent ends.
    ///
    /// - Parameter status: Nil: no response.
    @discardableResult
    mutating func answer(
        _ status: Int?,
        retryAfter: Int64? = nil,
        after duration: Int64 = 0
    ) throws -> WebhookLane.OnResult? {
        let start = self.now
        self.now += duration
        let attempt = DeliveryTry(time: start, status: status, duration: duration, error: nil)
        let finished = self.lane.finished(
            attempt,
            retryAfter: retryAfter,
            at: self.now,
            with: self.schedule,
            random: Double.random(in: 0...1, using: &self.random)
        )
        guard let (delivery, result) = finished else { return nil }
        let (state, due): (DeliveryRows.State, Int64) =
            switch result {
            case .delivered: (.delivered, 0)
            case .retry(let due): (.retrying, due)
            case .failed: (.failed, 0)
            case .disabled: (.waiting, 0)
            }
        let isFinished = state == .delivered || state == .failed
        try DeliveryRows.update(delivery, to: state, due: due, finished: isFinished ? self.now : nil, in: self.store)
        self.results.append((delivery.event.id, result))
        return result
    }

    /// Runs until nothing is left to do, or until a time.
    ///
    /// - Parameter status: The answer to each try.
    mutating func run(until end: Int64 = .max, _ status: (EventID, Int64) -> Int?) throws {
        while self.now <= end {
            let turn = try self.turn()
            if turn.isSending, let event = self.lane.sending?.event.id {
                try self.answer(status(event, self.now))
            } else if let wake = turn.wake, wake <= end {
                self.now = max(self.now, wake)
            } else {
                return
            }
        }
    }

    var delivered: [EventID] { self.results.filter { $0.result == .delivered }.map(\.event) }
}
