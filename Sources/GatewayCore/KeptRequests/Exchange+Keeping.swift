import GatewayHTTP
import NIOCore

extension Exchange {
    /// Whether the request may be one of those that are kept. Cheap, because it is asked for each request.
    func mayBeKept(_ outcome: Outcome) -> Bool {
        if case .complete = outcome {} else { return true }
        return self.response.status >= 500 || self.isGRPC
            || self.now - self.startedAt >= self.worker.settings.slowRequest ?? .nanoseconds(.max)
    }

    /// Why the request is kept; nil if it is not.
    func reasonToKeep(_ outcome: Outcome) -> KeptRequest.Reason? {
        // The exchange on behalf of which it was made is kept.
        if self.plan.isInner { return nil }
        if self.hasFailed(outcome) { return .failed }
        if case .complete = outcome {} else { return .brokenOff }
        return self.isSlow(self.worker.settings.slowRequest) ? .slow : nil
    }
}
