public import NIOCore

/// The time limits of an exchange. The worker's deadline wheel turns a missed deadline into an error.
public struct Deadlines: Sendable {
    /// What an exchange is waiting for. The label values of `gateway_timeouts_total` derive from it.
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

    // The limits. A middleware sets them before the request goes upstream.

    /// The time to connect to the upstream.
    public var connect = TimeAmount.seconds(2)
    /// The time from the last byte of the request to the first byte of the response.
    public var firstByte = TimeAmount.seconds(60)
    /// Whether ``firstByte`` limits the wait for the upstream. The first byte of a gRPC stream may take hours.
    package var limitsFirstByte = true
    /// The time between two reads of a body, or nil for no limit.
    public var idle: TimeAmount? = .seconds(60)
    /// The time for the whole exchange, from the end of the request head, or nil for no limit.
    public var total: TimeAmount?
    /// Whether the request brought `total` itself.
    package var isTotalRequested = false
    /// The time from the beginning of a try, with a complete request, to the first byte of the response. Nil for no
    /// limit other than the others.
    package var perTry: TimeAmount?

    /// How long a WebSocket may be silent, or nil for no limit.
    package var tunnelIdle: TimeAmount?

    /// What the exchange is waiting for.
    private(set) var phase = Phase.total
    package private(set) var current = NIODeadline.distantFuture
    private let start: NIODeadline
    /// The deadline of the whole exchange.
    package private(set) var end = NIODeadline.distantFuture
    /// The deadline of the current try.
    private var tryEnd = NIODeadline.distantFuture

    package init(from start: NIODeadline) { self.start = start }

    /// Takes over the limits, but not a total that a client asked for: others may wait for the same response.
    package mutating func takeLimits(of other: Deadlines) {
        self.connect = other.connect
        self.firstByte = other.firstByte
        self.limitsFirstByte = other.limitsFirstByte
        self.idle = other.idle
        if !other.isTotalRequested { self.total = other.total }
        self.perTry = other.perTry
    }

    /// Applies `total`, which a middleware may have set since the start.
    package mutating func begin() {
        if let total = self.total { self.end = self.start + total }
    }

    /// Begins a try.
    mutating func beginTry(at now: NIODeadline) {
        if let perTry = self.perTry { self.tryEnd = now + perTry }
    }

    mutating func endTry() { self.tryEnd = .distantFuture }

    /// Ends the limits of the exchange as a whole: a tunnel may stay open for any time.
    mutating func openedTunnel() {
        self.end = .distantFuture
        self.tryEnd = .distantFuture
        self.current = .distantFuture
    }

    var isInTry: Bool { self.tryEnd != .distantFuture }

    /// Whether the try has lasted for `perTry`.
    package func isTryOver(at now: NIODeadline) -> Bool { self.tryEnd <= now }

    package mutating func wait(for phase: Phase, until deadline: NIODeadline) {
        self.phase = phase
        self.current = deadline
    }

    /// The time in which the response must begin.
    var headLimit: TimeAmount { self.limitsFirstByte ? self.firstByte : Self.forever }

    /// Ten years.
    static let forever = TimeAmount.hours(10 * 365 * 24)

    mutating func stopWaiting() { self.current = .distantFuture }

    func isWaiting(for phase: Phase) -> Bool { self.phase == phase && self.current != .distantFuture }

    /// The time at which the wheel has to check this exchange.
    package var next: NIODeadline { min(self.current, self.end, self.tryEnd) }

    /// Returns the phase whose deadline has passed at `now`, or nil if none has.
    func expired(at now: NIODeadline) -> Phase? {
        if self.end <= now { return .total }
        if self.tryEnd <= now { return .firstByte }
        return self.current <= now ? self.phase : nil
    }
}

extension RouteMeters {
    func countTimeout(_ phase: Deadlines.Phase) { self.countTimeout(phase: phase.name) }
}
