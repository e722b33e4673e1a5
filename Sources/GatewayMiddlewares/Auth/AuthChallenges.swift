import GatewayCore
import GatewayHTTP

/// The errors of requests without a right credential, with a challenge for each kind (RFC 9110 section 11.6.1). They are
/// made when the route is built, so that refusing a flood costs little.
struct AuthChallenges {
    private static let name = HeaderName(.wwwAuthenticate)

    /// No credential was sent.
    let missing: GatewayError
    /// The credential of each kind was wrong.
    private let wrong: [GatewayError]
    /// The credential of each kind does not suffice.
    private let insufficient: [GatewayError]

    /// - Parameters:
    ///   - realm: The name of the route.
    ///   - scope: The words that are required; may be empty.
    init(_ challenges: [AuthenticationChallenge], realm: String, scope: String) {
        let lines = challenges.map { Self.line($0, realm) }
        func error(_ changed: Int?, _ parameters: String) -> GatewayError {
            var error = GatewayError(.unauthorized)
            error.fields = PreparedFields { fields in
                for (index, line) in lines.enumerated() where !line.isEmpty {
                    fields.add(Self.name, (index == changed ? line + parameters : line).utf8)
                }
            }
            return error
        }
        self.missing = error(nil, "")
        self.wrong = challenges.enumerated().map { index, challenge in
            error(challenge.reportsErrors ? index : nil, ", error=\"invalid_token\"")
        }
        self.insufficient = challenges.map { challenge in
            var error = GatewayError(.forbidden, detail: "This credential does not allow the request.")
            guard challenge.reportsErrors else { return error }
            let required = scope.isEmpty ? "" : ", scope=\"\(Self.escaped(scope))\""
            error.fields = PreparedFields {
                $0.add(Self.name, "\(Self.line(challenge, realm)), error=\"insufficient_scope\"\(required)".utf8)
            }
            return error
        }
    }

    func wrong(_ kind: Int) -> GatewayError { self.wrong[kind] }
    func insufficient(_ kind: Int) -> GatewayError { self.insufficient[kind] }

    private static func line(_ challenge: AuthenticationChallenge, _ realm: String) -> String {
        if challenge.scheme.isEmpty { return "" }
        let parameters = challenge.parameters.isEmpty ? "" : ", " + challenge.parameters
        return "\(challenge.scheme) realm=\"\(Self.escaped(realm))\"\(parameters)"
    }

    /// The text of a quoted string (RFC 9110 section 5.6.4).
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result += "\\" }
            result.unicodeScalars.append((0x20..<0x7F).contains(scalar.value) ? scalar : "_")
        }
        return result
    }
}
