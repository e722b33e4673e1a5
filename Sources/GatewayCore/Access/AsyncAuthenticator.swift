public import HTTPTypes
import NIOCore

/// A kind of credential that a program adds, and that may wait for something such as a database to judge it.
///
/// ```swift
/// MiddlewareList.standard.authenticating(with: AuthenticatorRegistration("session", Sessions()))
/// ```
///
/// Routes ask for it with `auth.any = ["session"]`. Each request that has not been accepted by a kind before it runs
/// ``authenticate(_:)`` in a task, which is cancelled when the client leaves.
public protocol AsyncAuthenticator: Sendable {
    /// The challenge of a response with 401.
    var challenge: AuthenticationChallenge { get }
    /// Returns whose credential a request has; nil if it has none of this kind.
    ///
    /// - Throws: ``Authentication/Refusal`` if the credential is wrong; the client gets 401. After any other error it gets
    ///   503, since nobody can tell.
    func authenticate(_ request: HTTPRequest) async throws -> Identity?
}

extension AuthenticatorRegistration {
    /// Registers a kind of credential.
    ///
    /// - Parameters:
    ///   - name: The name in `auth.any`, in metrics and logs: lower-case letters, digits and `_`.
    ///   - authenticator: What looks at each request. All event loops use it.
    public init(_ name: String, _ authenticator: some AsyncAuthenticator) {
        self.init(name) { _ in AsyncAuthenticatorAdapter(base: authenticator) }
    }
}

/// Runs an ``AsyncAuthenticator`` in a task.
private struct AsyncAuthenticatorAdapter<Base: AsyncAuthenticator>: Authenticator {
    let base: Base

    var challenge: AuthenticationChallenge { self.base.challenge }

    func authenticate(_ exchange: Exchange) -> Authentication {
        guard let request = HTTPRequest(exchange) else { return .malformed(reason: "the method is invalid") }
        let pending = PendingAuthentication()
        let bound = NIOLoopBound(pending, eventLoop: exchange.worker.eventLoop)
        let task = Task { [base] in
            let result: Result<Identity?, any Error>
            do {
                result = .success(try await base.authenticate(request))
            } catch {
                result = .failure(error)
            }
            bound.eventLoop.execute { bound.value.complete(Self.authentication(result)) }
        }
        pending.whenAbandoned { task.cancel() }
        return .pending(pending)
    }

    private static func authentication(_ result: Result<Identity?, any Error>) -> Authentication {
        switch result {
        case .success(let identity?): .identified(identity)
        case .success(nil): .missing
        case .failure(let refusal as Authentication.Refusal): .refused(refusal)
        case .failure: .unavailable(retryAfter: 1, reason: "the check failed")
        }
    }
}
