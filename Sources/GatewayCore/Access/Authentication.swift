/// What an ``Authenticator`` says about a request.
public enum Authentication {
    /// The request has no credential of this kind.
    case missing
    /// The credential is right.
    case accepted(Caller)
    /// The credential is right, and belongs to this consumer.
    case identified(Identity)
    /// The credential is wrong. The client gets 401, and learns no more than that; the log has the reason.
    case refused(Refusal)
    /// The request has a credential of this kind twice, or in a form that cannot be read. The client gets 400.
    case malformed(reason: StaticString)
    /// Nobody can tell now. The client gets 503.
    case unavailable(retryAfter: Int, reason: StaticString)
    /// Another service answers the request.
    indirect case answered(Response)
    /// The result follows.
    case pending(PendingAuthentication)

    /// Why a credential was refused.
    public struct Refusal: Error {
        /// The result in metrics: `expired` for a credential that was right once, else `invalid`.
        public let isExpired: Bool
        /// The reason, for the log only: `wrong audience`.
        public let reason: StaticString

        public init(_ reason: StaticString, isExpired: Bool = false) {
            self.reason = reason
            self.isExpired = isExpired
        }
    }
}

/// A result that an ``Authenticator`` has later, such as after another service has answered.
///
/// It belongs to the event loop of the request.
public final class PendingAuthentication {
    /// The result, if it is there already.
    package private(set) var result: Authentication?
    /// The span of the request to another service that will tell the result; nil if the result is found out here.
    package var span: UInt64?
    private var waiter: ((Authentication) -> Void)?
    private var cancellation: (() -> Void)?

    public init() {}

    /// Delivers the result. Further results are ignored. Must be called on the event loop of the request.
    public func complete(_ result: Authentication) {
        guard self.result == nil else { return }
        self.result = result
        self.cancellation = nil
        guard let waiter = self.waiter else { return }
        self.waiter = nil
        waiter(result)
    }

    /// Calls `body` with a result that is still to come.
    package func whenComplete(_ body: @escaping (Authentication) -> Void) { self.waiter = body }

    /// Calls `body` if the client leaves before there is a result.
    public func whenAbandoned(_ body: @escaping () -> Void) { self.cancellation = body }

    /// Nobody waits for the result any more.
    package func abandon() {
        guard self.result == nil, let cancellation = self.cancellation else { return }
        self.cancellation = nil
        self.waiter = nil
        cancellation()
    }
}

@available(*, unavailable)
extension PendingAuthentication: Sendable {}
