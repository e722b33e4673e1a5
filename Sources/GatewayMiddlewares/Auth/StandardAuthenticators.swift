package import GatewayCore

/// The built-in kinds of credentials, by their name in `auth.any`.
package enum StandardAuthenticators {
    package static let all: [AuthenticatorRegistration] = [
        AuthenticatorRegistration(APIKeyAuthenticator.name) { context in APIKeyAuthenticator(in: &context) },
        AuthenticatorRegistration("jwt") { context in JWTAuthenticator(in: &context) },
        AuthenticatorRegistration("forward") { context in ForwardAuthenticator(in: &context) },
        AuthenticatorRegistration(BasicAuthenticator.name) { context in BasicAuthenticator(in: &context) },
    ]
}
