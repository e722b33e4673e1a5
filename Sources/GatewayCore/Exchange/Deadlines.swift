public import NIOCore

/// What an exchange waits for, and until when. The worker's wheel turns a missed deadline into an error.
public struct Deadlines: Sendable {
    /// What an exchange waits for, with the names of `gateway_timeouts_total`.
    public enum Phase: UInt8, Sendable, CaseIterable {
        case header, queue, connect, firstByte, idle, total, write

        package var name: String {
            switch self {
            case .header: "header"
            case .queue: "queue"
            case .connect: "connect"
            case .firstByte: "first_byte"
            case .idle: "idle"
            case .total: "total"
            case .write: "write"
            }
        }
    }

    // How long each wait may be; a middleware sets them before the request goes upstream.

    /// Time to connect to the upstream.
    public var connect = TimeAmount.seconds(2)
    /// From the last byte of the request to the first byte of the response.
    public var firstByte = TimeAmount.seconds(60)
    /// Between two reads of a body; nil for no limit.
    public var idle: TimeAmount? = .seconds(60)
    /// For the whole exchange, from the end of the request head; nil for no limit.
    public var total: TimeAmount?

    /// What is waited for now, until when.
    private(set) var phase = Phase.total
    package private(set) var current = NIODeadline.distantFuture
    private let start: NIODeadline
    /// Of the whole exchange.
    package private(set) var end = NIODeadline.distantFuture

    package init(from start: NIODeadline) { self.start = start }

    /// Lets `total` count, which may have been set since the start.
    package mutating func begin() {
        if let total = self.total { self.end = self.start + total }
    }

    package mutating func wait(for phase: Phase, until deadline: NIODeadline) {
        self.phase = phase
        self.current = deadline
    }

    mutating func stopWaiting() { self.current = .distantFuture }

    func isWaiting(for phase: Phase) -> Bool { self.phase == phase && self.current != .distantFuture }

    /// The moment at which the wheel has to look at this exchange.
    package var next: NIODeadline { min(self.current, self.end) }

    /// What has run out by `now`, if anything.
    func expired(at now: NIODeadline) -> Phase? {
        if self.end <= now { return .total }
        return self.current <= now ? self.phase : nil
    }
}

extension RouteMeters {
    func countTimeout(_ phase: Deadlines.Phase) { self.countTimeout(phase: phase.name) }
}
