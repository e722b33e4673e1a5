/// The value of an `Authorization` field (RFC 9110 section 11.6.2).
package enum AuthorizationField {
    /// Returns what follows the scheme and blanks; nil if the field has another scheme. Schemes are case-insensitive (RFC
    /// 9110 section 11.1).
    ///
    /// - Parameter scheme: Lower-case letters.
    package static func token(
        of scheme: StaticString,
        in field: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        let length = scheme.utf8CodeUnitCount
        guard field.count >= length else { return nil }
        for index in 0..<length where field[index] | 0x20 != scheme.utf8Start[index] { return nil }
        var start = length
        while start < field.count, field[start] == UInt8(ascii: " ") { start += 1 }
        // Without a blank it is the name of another scheme that begins with these letters.
        guard start > length || start == field.count else { return nil }
        return UnsafeRawBufferPointer(rebasing: field[start...])
    }
}
