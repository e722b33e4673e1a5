import NIOCore

/// Keeps endpoints that fail fast from looking idle.
///
/// A failed request counts as in flight for about as long as a successful one takes. An endpoint that answers 503 at
/// once therefore looks as busy as the others, and gets no more than its fair share of requests.
struct FailurePenalties: Sendable {
    private struct Penalty {
        /// The failed requests that still counted at this time.
        var count = 0.0
        var at = NIODeadline.distantPast
    }

    /// By endpoint. Empty until the first failure.
    private var penalties: [Penalty] = []
    /// The duration of a successful request: a moving average over about sixteen requests, in nanoseconds.
    private var typical = 0.0

    /// Whether nothing has failed yet.
    var isEmpty: Bool { penalties.isEmpty }

    mutating func succeeded(after duration: TimeAmount) {
        let duration = Double(max(0, duration.nanoseconds))
        typical = typical == 0 ? duration : typical + (duration - typical) / 16
    }

    mutating func failed(_ endpoint: Int, after duration: TimeAmount, now: NIODeadline) {
        let missing = 1 - Double(max(0, duration.nanoseconds)) / max(1, typical)
        guard missing > 0 else { return }
        while penalties.count <= endpoint { penalties.append(Penalty()) }
        penalties[endpoint] = Penalty(count: load(of: endpoint, now: now) + missing, at: now)
    }

    mutating func forget(_ endpoint: Int) {
        if endpoint < penalties.count { penalties[endpoint] = Penalty() }
    }

    /// Returns the load to add to the endpoint's requests in flight.
    func load(of endpoint: Int, now: NIODeadline) -> Double {
        guard endpoint < penalties.count, penalties[endpoint].count > 0, typical > 0 else { return 0 }
        let penalty = penalties[endpoint]
        // Penalties decay exponentially and last for `typical` on average, so the half-life is `typical` times ln 2.
        let halvings = Double(max(0, (now - penalty.at).nanoseconds)) / (typical * 0.693_147)
        guard halvings < 40 else { return 0 }
        // 2⁻ⁿ for whole numbers, with linear interpolation between them.
        let whole = halvings.rounded(.down)
        return penalty.count * Double(sign: .plus, exponent: -Int(whole), significand: 1 - (halvings - whole) / 2)
    }
}
