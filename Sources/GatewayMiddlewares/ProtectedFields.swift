import GatewayHTTP
import GatewaySettings

/// Fields that middleware settings must not change: those for framing and routing, and those that the gateway itself
/// writes.
enum ProtectedFields {
    struct Problem: Hashable {
        var message: String
        var suggestion: String
    }

    private static let ids: Set<FieldID> = [
        .host, .contentLength, .transferEncoding, .connection, .keepAlive, .proxyConnection, .te, .trailer, .upgrade,
        .http2Settings, .expect,
    ]

    /// Why a configuration must not name the field; nil if it may.
    static func problem(with name: String) -> Problem? {
        guard let header = HeaderName(validating: name) else {
            return Problem(
                message: "\(JSONText.quoted(name)) is not a header name",
                suggestion: ConfigurationValidator.headerSuggestion(name)
            )
        }
        guard self.ids.contains(header.id) else { return nil }
        return Problem(
            message: "\(name) belongs to the gateway, since it frames or routes the message",
            suggestion: header.id == .host ? "remove it, and set preserve_host in the route" : "remove it"
        )
    }
}

/// Field values in configurations.
enum FieldValue {
    /// Visible characters, spaces, tabs, and bytes outside ASCII (RFC 9110 section 5.5).
    static func isValid(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    /// The value on one line, without control characters.
    static func cleaned(_ value: String) -> String {
        String(value.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F || $0.value == 0x09 })
    }
}
