import GatewayHTTP

/// A user name and a password from an `Authorization` field (RFC 7617 section 2).
package struct BasicCredentials: Hashable, Sendable {
    package let name: String
    /// UTF-8, without control characters.
    package let password: [UInt8]

    package init(name: String, password: [UInt8]) {
        self.name = name
        self.password = password
    }
}

/// What an `Authorization` field has for basic authentication.
package enum OnAuthorization: Equatable {
    /// A credential of another scheme.
    case otherScheme
    /// The scheme is `Basic`, but what follows cannot be read.
    case malformed(BasicCredentials.Malformation)
    case credentials(BasicCredentials)
}

extension BasicCredentials {
    /// Why credentials cannot be read.
    package enum Malformation: Equatable, Sendable {
        case notBase64, notUTF8, controlCharacter, noColon
    }

    /// Returns what follows `Basic`; nil if the field has another scheme.
    package static func token(in field: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        AuthorizationField.token(of: "basic", in: field)
    }

    /// Reads an `Authorization` field.
    package static func read(_ field: UnsafeRawBufferPointer) -> OnAuthorization {
        guard let token = self.token(in: field) else { return .otherScheme }
        guard let bytes = StrictBase64.decode(token), !bytes.isEmpty else { return .malformed(.notBase64) }
        guard let text = String(validating: bytes, as: UTF8.self) else { return .malformed(.notUTF8) }
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
            return .malformed(.controlCharacter)
        }
        // The name has no colon, the password may have some.
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return .malformed(.noColon) }
        return .credentials(
            BasicCredentials(
                name: String(decoding: bytes[..<colon], as: UTF8.self),
                password: Array(bytes[(colon + 1)...])
            )
        )
    }
}
