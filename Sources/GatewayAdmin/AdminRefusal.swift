import GatewayCore
import GatewayHTTP

/// Why the admin API rejects a request.
package struct AdminRefusal: Error, Equatable {
    let error: GatewayError
    /// The value of `WWW-Authenticate` for 401 (RFC 6750 section 3).
    var challenge: String?

    /// The error with the field that carries the challenge.
    var response: GatewayError {
        guard let challenge = self.challenge else { return self.error }
        var error = self.error
        error.fields = PreparedFields { $0.add(HeaderName(.wwwAuthenticate), challenge.utf8) }
        return error
    }

    static func unauthorized(_ detail: String, challenge: String) -> Self {
        Self(error: GatewayError(.unauthorized, detail: detail), challenge: challenge)
    }

    static func badRequest(_ detail: String) -> Self { Self(error: .badRequest(detail)) }

    /// 422: these fields or parameters are wrong.
    static func invalid(_ problems: [GatewayError.Problem]) -> Self {
        var error = GatewayError(.validationFailed)
        error.problems = problems
        return Self(error: error)
    }

    static func forbidden(_ detail: String) -> Self { Self(error: .forbidden(detail)) }

    static func methodNotAllowed(allow: String) -> Self {
        var error = GatewayError(.methodNotAllowed)
        error.allow = allow
        return Self(error: error)
    }

    static func conflict(_ detail: String) -> Self { Self(error: GatewayError(.conflict, detail: detail)) }

    static let notFound = Self.notFound("There is no admin endpoint at this path. GET / lists them all.")

    static func notFound(_ detail: String) -> Self { Self(error: GatewayError(.notFound, detail: detail)) }
}
