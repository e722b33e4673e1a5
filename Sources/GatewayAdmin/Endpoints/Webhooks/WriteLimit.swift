import NIOCore

/// Limits writes to a number in any minute. It reads no clock.
struct WriteLimit {
    private static let window = TimeAmount.minutes(1)

    private let limit: Int
    private var accepted: [NIODeadline] = []

    init(_ limit: Int = 60) { self.limit = limit }

    enum OnWrite: Hashable {
        case accept
        /// Refuse, and accept again after this many seconds.
        case refuse(retryAfter: Int)
    }

    mutating func write(at now: NIODeadline) -> OnWrite {
        while let first = self.accepted.first, now - first >= Self.window { self.accepted.removeFirst() }
        guard self.accepted.count >= self.limit, let first = self.accepted.first else {
            self.accepted.append(now)
            return .accept
        }
        let wait = (Self.window - (now - first)).nanoseconds
        return .refuse(retryAfter: Int((wait + 999_999_999) / 1_000_000_000))
    }
}
