import GatewayCore
import NIOCore
import Synchronization

/// Lets changes of webhooks proceed one after the other, so that each sees what the one before has changed, and limits
/// their number.
final class WebhookWrites: Sendable {
    private let turns = Turns()
    private let limit = Mutex(WriteLimit())

    /// - Throws: 429 if there were too many in the last minute.
    func count(at now: NIODeadline) throws(AdminRefusal) {
        guard case .refuse(let seconds) = self.limit.withLock({ $0.write(at: now) }) else { return }
        let detail = "Webhooks may be changed 60 times a minute."
        throw AdminRefusal(error: GatewayError(.rateLimited, detail: detail, retryAfter: seconds))
    }

    func perform<Outcome>(
        at now: NIODeadline,
        _ change: () async throws(AdminRefusal) -> Outcome
    ) async throws(AdminRefusal) -> Outcome {
        try self.count(at: now)
        await self.turns.enter()
        defer { self.turns.leave() }
        return try await change()
    }
}
