import GatewayHTTP

/// A kind of credential that routes can ask for in `auth.any`.
///
/// An authenticator is built once per route and event loop. It only looks at the request: the `auth` middleware counts,
/// answers, and removes what must not reach the upstream.
public protocol Authenticator {
    /// The challenge of a response with 401, without the realm: `Bearer`, `Basic`, `ApiKey` (RFC 9110 section 11.6.1).
    var challenge: AuthenticationChallenge { get }
    /// Looks for a credential and judges it.
    func authenticate(_ exchange: Exchange) -> Authentication
    /// Removes the credential from a request that was accepted, unless the upstream is to have it.
    func removeCredential(_ exchange: Exchange)
    /// Removes a credential of this kind from a request that another kind has accepted, if no other kind could mean it.
    func removeUnusedCredential(_ exchange: Exchange)
    /// Adds to the response of a request that was accepted.
    func response(_ exchange: Exchange)
    /// Names of fields that this authenticator sets for the upstream. Those of the client are removed first, in all
    /// spellings.
    var identityFields: [String] { get }
}

extension Authenticator {
    public func removeCredential(_ exchange: Exchange) {}
    public func removeUnusedCredential(_ exchange: Exchange) {}
    public func response(_ exchange: Exchange) {}
    public var identityFields: [String] { [] }
}

/// How a response with 401 asks for a credential.
public struct AuthenticationChallenge: Sendable {
    /// The scheme.
    public let scheme: String
    /// Parameters after the realm, such as `charset="UTF-8"`.
    public let parameters: String
    /// Whether the scheme reports what is wrong, as `Bearer` does with `error` (RFC 6750 section 3).
    public let reportsErrors: Bool

    public init(_ scheme: String, parameters: String = "", reportsErrors: Bool = false) {
        self.scheme = scheme
        self.parameters = parameters
        self.reportsErrors = reportsErrors
    }
}

/// A kind of credential with its name in `auth.any`.
public struct AuthenticatorRegistration: Sendable {
    /// The name in `auth.any`, in metrics and logs: lower-case letters, digits and `_`.
    public let name: String
    /// Creates the authenticator of a route on one event loop.
    package let make: @Sendable (inout BuildContext) -> any Authenticator

    /// Registers a kind of credential.
    ///
    /// - Parameters:
    ///   - name: The name in `auth.any`, in metrics and logs: lower-case letters, digits and `_`.
    ///   - make: Creates the authenticator of a route on one event loop.
    public init(_ name: String, _ make: @escaping @Sendable (inout BuildContext) -> any Authenticator) {
        self.name = name
        self.make = make
    }
}
