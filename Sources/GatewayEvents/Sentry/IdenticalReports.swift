import DequeModule
import GatewayCore
import NIOCore

/// Limits identical reports to ten in any minute, and counts those beyond.
struct IdenticalReports {
    private static let limit = 10
    private static let period = TimeAmount.minutes(1)
    /// More identities than this start anew.
    private static let maxIdentities = 1000

    private struct Recent {
        /// When the last reports were sent, at most ``limit``.
        var sent: Deque<NIODeadline> = []
        var missed = 0
    }

    private var recent: [RequestReport.Identity: Recent] = [:]

    enum OnReport: Equatable {
        /// Send it, and say how many before it were not sent.
        case send(missed: Int)
        case drop
    }

    mutating func reported(_ identity: RequestReport.Identity, at now: NIODeadline) -> OnReport {
        self.makeRoom(for: identity)
        var recent = self.recent[identity] ?? Recent()
        defer { self.recent[identity] = recent }
        if recent.sent.count >= Self.limit, let first = recent.sent.first, now - first < Self.period {
            recent.missed += 1
            return .drop
        }
        if recent.sent.count >= Self.limit { recent.sent.removeFirst() }
        recent.sent.append(now)
        defer { recent.missed = 0 }
        return .send(missed: recent.missed)
    }

    /// Counts reports that were not made because there were too many.
    mutating func missed(_ identity: RequestReport.Identity, _ count: Int) {
        guard count > 0 else { return }
        self.makeRoom(for: identity)
        self.recent[identity, default: Recent()].missed += count
    }

    private mutating func makeRoom(for identity: RequestReport.Identity) {
        if self.recent.count >= Self.maxIdentities, self.recent[identity] == nil { self.recent = [:] }
    }
}
