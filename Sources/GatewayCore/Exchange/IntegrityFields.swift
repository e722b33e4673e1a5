package import GatewayHTTP
import GatewayHTTP1

/// Digests of the bytes they travel with (RFC 9530; the older ones RFC 3230 and RFC 1864): who changes those, breaks them.
package enum IntegrityFields {
    private static let names = ["Content-Digest", "Repr-Digest", "Digest", "Content-MD5"].map { HeaderName($0) }

    package static func contain(_ field: HeaderBlock.Field, in block: borrowing HeaderBlock) -> Bool {
        guard field.id == .unknown else { return false }
        for name in self.names where block.matches(field, name) { return true }
        return false
    }
}
