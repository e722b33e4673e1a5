import Logging

/// Tells operators why purges cannot be shared, once for each reason.
final class TierRefusals {
    private let log: Logger
    private var last = ""

    init(_ log: Logger) { self.log = log }

    func note(_ reason: String) {
        guard reason != self.last else { return }
        self.last = reason
        self.log.warning("Redis refuses to share purges of the cache", metadata: ["reason": "\(reason)"])
    }
}

@available(*, unavailable)
extension TierRefusals: Sendable {}
