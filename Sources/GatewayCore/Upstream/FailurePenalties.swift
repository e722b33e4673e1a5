import NIOCore

/// Keeps endpoints that fail fast from looking idle.
///
/// A failed request counts as in flight for about as long as a request that succeeds. So an endpoint that answers 503 at
/// once looks as busy as the others, and gets no more than its fair share instead of all of it.
struct FailurePenalties: Sendable {
    private struct Penalty {
        /// Failed requests that still counted at this time.
        package var count = 0.0
        package var at = NIODeadline.distantPast
    }

    /// By endpoint; empty until the first failure.
    private var penalties: [Penalty] = []
    /// How long a request that succeeds takes: a moving average over about sixteen of them, in nanoseconds.
    private var typical = 0.0

    /// Nothing has failed yet.
    package var isEmpty: Bool { penalties.isEmpty }

    mutating func succeeded(after duration: TimeAmount) {
        let duration = Double(max(0, duration.nanoseconds))
        typical = typical == 0 ? duration : typical + (duration - typical) / 16
    }

    package mutating func failed(_ endpoint: Int, after duration: TimeAmount, now: NIODeadline) {
        let missing = 1 - Double(max(0, duration.nanoseconds)) / max(1, typical)
        guard missing > 0 else { return }
        while penalties.count <= endpoint { penalties.append(Penalty()) }
        penalties[endpoint] = Penalty(count: load(of: endpoint, now: now) + missing, at: now)
    }

    mutating func forget(_ endpoint: Int) {
        if endpoint < penalties.count { penalties[endpoint] = Penalty() }
    }

    /// How many requests the endpoint seems to have beside those that are in flight.
    package func load(of endpoint: Int, now: NIODeadline) -> Double {
        guard endpoint < penalties.count, penalties[endpoint].count > 0, typical > 0 else { return 0 }
        let penalty = penalties[endpoint]
        // They end at a constant rate, so that they last for `typical` on average; ln 2 makes a half-life of it.
        let halvings = Double(max(0, (now - penalty.at).nanoseconds)) / (typical * 0.693_147)
        guard halvings < 40 else { return 0 }
        // 2⁻ⁿ for whole numbers, straight lines between them.
        let whole = halvings.rounded(.down)
        return penalty.count * Double(sign: .plus, exponent: -Int(whole), significand: 1 - (halvings - whole) / 2)
    }
}
