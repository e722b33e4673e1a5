import NIOCore

extension ConnectionHandler {
    /// When the client began to owe a request; nil if closing the connection now would lose a request or a response.
    var idleSince: NIODeadline? {
        if self.owesBytes { return nil }
        switch self.machine.state {
        case .idle: return self.readDeadline - self.listener.limits.keepAlive
        case .receivingHead: return self.headStartedAt
        case .exchanging, .discarding, .closing, .closed: return nil
        }
    }

    /// Counts the connection as active or idle when a request begins or ends.
    func countActivity(before: Exchange?) {
        guard (before == nil) != (self.exchange == nil), self.isAdmitted, !self.isReleased else { return }
        self.listener.connectionChanged(isActive: self.exchange != nil)
    }
}
