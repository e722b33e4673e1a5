import GatewayHTTP
import GatewaySettings

/// Keeps credentials and the addresses of clients out of reports, which leave the machine. It is stricter than the
/// redaction of logs.
struct ReportRedaction {
    private static let mark = "[redacted]"
    /// Parts of names whose values are secret.
    private static let secretParts = [
        "auth", "cookie", "token", "secret", "passw", "passphrase", "bearer", "apikey", "api-key", "api_key",
        "credential",
        "session", "signature", "jwt", "csrf", "xsrf", "assertion", "cert", "saml",
    ]
    /// Words of names whose values are secret.
    private static let secretWords: Set<String> = ["key", "sig", "sid", "pwd", "pass", "code", "otp", "pin", "nonce"]
    /// The header fields that reports contain. Others may hold secrets under names that only the application knows.
    private static let fields: Set<String> = [
        "accept", "accept-charset", "accept-encoding", "accept-language", "access-control-request-headers",
        "access-control-request-method", "cache-control", "content-encoding", "content-language", "content-length",
        "content-type", "dnt", "expect", "host", "if-match", "if-modified-since", "if-none-match", "if-range",
        "if-unmodified-since", "max-forwards", "origin", "pragma", "prefer", "priority", "range", "referer",
        "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site",
        "sec-websocket-version", "te", "traceparent", "transfer-encoding", "upgrade",
        "user-agent", "via", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-request-id",
        "x-correlation-id", "x-requested-with", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding",
    ]

    /// Further names of fields and parameters with secrets, in lower case.
    private let names: [String]
    /// The addresses of the client.
    private let addresses: [String]

    init(names: [String], addresses: [String]) {
        self.names = names.map { $0.lowercased() }
        self.addresses = addresses.filter { $0.contains { $0 == "." || $0 == ":" } }
    }

    /// Returns the value of a header field, or nil if reports do not contain it.
    func redacted(_ value: String, of name: String) -> String? {
        let name = name.lowercased()
        if !Self.fields.contains(name) || self.names.contains(name) { return nil }
        if name != "host", self.addresses.contains(where: value.contains) { return nil }
        let end = value.firstIndex(of: "?") ?? value.endIndex
        let address = Self.withoutUserInformation(value[..<end])
        guard end < value.endIndex else { return address }
        return address + "?" + self.redacted(query: String(value[value.index(after: end)...]))
    }

    /// Returns a URL without the name and password before its host (RFC 3986 section 3.2.1). Other values are unchanged.
    private static func withoutUserInformation(_ value: Substring) -> String {
        guard let scheme = value.firstRange(of: "://") else { return String(value) }
        let rest = value[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        guard let end = authority.lastIndex(of: "@") else { return String(value) }
        return value[..<scheme.upperBound] + Self.mark + value[end...]
    }

    /// Returns a query with the values of secret parameters replaced.
    func redacted(query: String) -> String {
        var result = ""
        var rest = query[...]
        while !rest.isEmpty {
            // Some servers split parameters at semicolons too, so a secret may follow one.
            let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") } ?? rest.endIndex
            let parameter = rest[..<end]
            if let equals = parameter.utf8.firstIndex(of: UInt8(ascii: "=")),
                self.isSecret(PercentEncoding.decoded(parameter[..<equals]).lowercased())
                    || self.addresses.contains(where: parameter[equals...].contains)
            {
                result += parameter[...equals] + Self.mark
            } else {
                result += parameter
            }
            result += rest[end...].prefix(1)
            rest = rest[end...].dropFirst()
        }
        return result
    }

    private func isSecret(_ name: String) -> Bool {
        Redaction.isCredential(field: name) || self.names.contains(name)
            || Self.secretParts.contains(where: name.contains)
            || Self.words(of: name).contains(where: Self.secretWords.contains)
    }

    private static func words(of name: String) -> [String] {
        name.split { !$0.isLetter && !$0.isNumber }.map { String($0) }
    }
}
