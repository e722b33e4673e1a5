import NIOCore

/// How long a stored response may be reused, as durations in milliseconds from when it was written.
package struct StoredLifetime: Hashable, Sendable {
    /// The age at the time of writing (RFC 9111 section 4.2.3).
    package var age: Int64
    package var lifetime: Int64
    package var staleWhileRevalidate: Int64
    package var staleIfError: Int64
    /// What said so, as the policy numbers it.
    package var source: UInt8
    /// What restricts reuse, as the policy numbers it.
    package var restrictions: UInt16

    package init(
        age: Int64,
        lifetime: Int64,
        staleWhileRevalidate: Int64,
        staleIfError: Int64,
        source: UInt8,
        restrictions: UInt16
    ) {
        self.age = age
        self.lifetime = lifetime
        self.staleWhileRevalidate = staleWhileRevalidate
        self.staleIfError = staleIfError
        self.source = source
        self.restrictions = restrictions
    }

    /// Until when the value is of use, in milliseconds from now: while it is fresh, or may be served stale, and if it has a
    /// validator, as long again, so that it can be revalidated.
    package func usefulTime(hasValidator: Bool) -> Int64 {
        let fresh = max(0, self.lifetime - self.age)
        let stale = max(0, self.staleWhileRevalidate, self.staleIfError)
        let validated = hasValidator ? min(max(self.lifetime, Self.shortestKept), Self.longestKept) : 0
        return min(fresh + max(stale, validated), Self.longestUseful)
    }

    private static let shortestKept: Int64 = 60_000
    private static let longestKept: Int64 = 86_400_000
    /// A year.
    private static let longestUseful: Int64 = 31_536_000_000

    func write(to bytes: inout ByteBuffer) {
        for duration in [self.age, self.lifetime, self.staleWhileRevalidate, self.staleIfError] {
            bytes.writeInteger(duration)
        }
        bytes.writeInteger(self.source)
        bytes.writeInteger(self.restrictions)
    }

    /// Reads a lifetime. Nil if a duration is negative, or so long that sums could overflow.
    init?(_ bytes: inout ByteBuffer) {
        var durations: [Int64] = []
        for _ in 0..<4 {
            guard let duration = bytes.readInteger(as: Int64.self), 0...Self.longestDuration ~= duration else {
                return nil
            }
            durations.append(duration)
        }
        guard let source = bytes.readInteger(as: UInt8.self), let restrictions = bytes.readInteger(as: UInt16.self)
        else {
            return nil
        }
        self.init(
            age: durations[0],
            lifetime: durations[1],
            staleWhileRevalidate: durations[2],
            staleIfError: durations[3],
            source: source,
            restrictions: restrictions
        )
    }

    /// The largest number of seconds that a response may state (RFC 9111 section 1.2.2), and some.
    static let longestDuration: Int64 = 1 << 42
}
