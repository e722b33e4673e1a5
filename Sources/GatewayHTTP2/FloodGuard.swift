package import NIOCore

/// Counts what a peer sends that costs this side more than the peer, and says when it is too much.
///
/// A frame of these kinds is legitimate now and then, so only a rate is a flood.
package struct FloodGuard: Hashable, Sendable {
    /// The metric's label.
    package enum Kind: String, CaseIterable, Sendable {
        /// Streams that the client resets before they are answered (CVE-2023-44487).
        case reset
        /// Streams that the client makes this side reset (CVE-2025-8671).
        case resetProvoked = "reset_provoked"
        case settings
        case ping
        case priority
        case emptyData = "empty_data"
        case windowUpdate = "window_update"
        /// A field block in too many frames (CVE-2024-27316).
        case continuation
        /// A list of fields that is far beyond the limit.
        case headers
        /// No open stream takes a byte for a long time.
        case stalled
    }

    /// The number of frames of a kind that a client may send in ``period``.
    package static let allowance = 500
    package static let period = TimeAmount.seconds(10)
    /// The number of PING or WINDOW_UPDATE frames that are free with each DATA frame sent. gRPC measures the round trip
    /// with a PING for each one.
    private static let freeWithData = 10

    private var start = NIODeadline.uptimeNanoseconds(0)
    private var counts: [Int]
    private var dataFrames = 0

    private let allowance: Int

    package init(allowance: Int = Self.allowance) {
        self.allowance = allowance
        self.counts = Array(repeating: 0, count: Kind.allCases.count)
    }

    /// Counts one frame, or something of that kind. Returns whether it is one too many.
    package mutating func isFlood(_ kind: Kind, at now: NIODeadline) -> Bool {
        if now - self.start >= Self.period { self.restart(at: now) }
        let index = kind.index
        self.counts[index] += 1
        var allowance = self.allowance
        if kind == .ping || kind == .windowUpdate { allowance += self.dataFrames * Self.freeWithData }
        return self.counts[index] > allowance
    }

    /// Counts a DATA frame that was sent.
    package mutating func sentData() { self.dataFrames &+= 1 }

    private mutating func restart(at now: NIODeadline) {
        self.start = now
        self.dataFrames = 0
        for index in self.counts.indices { self.counts[index] = 0 }
    }
}

extension FloodGuard.Kind {
    fileprivate var index: Int {
        switch self {
        case .reset: 0
        case .resetProvoked: 1
        case .settings: 2
        case .ping: 3
        case .priority: 4
        case .emptyData: 5
        case .windowUpdate: 6
        case .continuation: 7
        case .headers: 8
        case .stalled: 9
        }
    }
}
