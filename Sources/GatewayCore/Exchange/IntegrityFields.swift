package import GatewayHTTP
import GatewayHTTP1

/// The digest fields of a body (RFC 9530, and the older RFC 3230 and RFC 1864). They become invalid when the body
/// changes.
package enum IntegrityFields {
    private static let names = ["Content-Digest", "Repr-Digest", "Digest", "Content-MD5"].map { HeaderName($0) }

    package static func contain(_ field: HeaderBlock.Field, in block: borrowing HeaderBlock) -> Bool {
        guard field.id == .unknown else { return false }
        for name in self.names where block.matches(field, name) { return true }
        return false
    }
}
