/// The token of an `Authorization` field (RFC 6750 section 2.1).
package enum BearerToken {
    /// Returns what follows `Bearer`; nil if the field has another scheme.
    package static func token(in field: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        AuthorizationField.token(of: "bearer", in: field)
    }
}
