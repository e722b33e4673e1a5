import Synchronization

/// Passes the wrong credentials of clients on, to be recorded.
package final class CredentialFailures: Sendable {
    /// Called on event loops. It must not block.
    package typealias Receiver = @Sendable (CredentialFailure) -> Void

    private let receiver = Mutex<Receiver?>(nil)

    package init() {}

    package func send(to receiver: @escaping Receiver) { self.receiver.withLock { $0 = receiver } }

    package func report(_ failure: CredentialFailure) { self.receiver.withLock { $0 }?(failure) }
}

/// A wrong credential of a client.
package struct CredentialFailure: Sendable {
    package let address: ClientAddress
    /// The kind of the credential, such as `jwt`.
    package let kind: String
    package let route: String
    /// Why it is wrong, such as `expired`.
    package let reason: String
    package let requestID: String?

    package init(address: ClientAddress, kind: String, route: String, reason: String, requestID: String?) {
        self.address = address
        self.kind = kind
        self.route = route
        self.reason = reason
        self.requestID = requestID
    }
}
