package import GatewayCore

/// Counts what the `auth` middleware decides.
package struct AuthMeters {
    package static let results = MetricDescription(
        "gateway_auth_total",
        .counter,
        help:
            "Decisions about credentials: accepted, missing, invalid, expired, forbidden, throttled, unavailable; with "
            + "shadow_ in front if nothing was refused.",
        labels: ["route", "kind", "result"]
    )

    enum Result: Int, CaseIterable {
        case accepted, missing, invalid, expired, forbidden, throttled, unavailable
    }

    /// By kind, then by result.
    private let counters: [[Counter]]

    init(kinds: [String], isShadow: Bool, in context: BuildContext) {
        self.counters = kinds.map { kind in
            Result.allCases.map { result in
                let name = isShadow && result != .accepted ? "shadow_\(result)" : "\(result)"
                return context.counter(Self.results, context.route, kind, name)
            }
        }
    }

    func count(_ result: Result, _ kind: Int) {
        guard kind < self.counters.count else { return }
        self.counters[kind][result.rawValue].add()
    }
}
