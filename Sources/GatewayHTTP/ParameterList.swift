/// The grammar that chunk extensions and the parameters of transfer codings share (RFC 9112 sections 7.1.1 and 7):
///
///     *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )
package enum ParameterList {
    /// Finds the end of the list that starts at `start`, which may be empty.
    ///
    /// - Parameter requiresValues: Whether a name without a value is an error.
    /// - Returns: The offset of the first byte after the list, before any white space that follows it. Nil if `bytes`
    ///   ends before the list does.
    package static func end(
        in bytes: UnsafeRawBufferPointer,
        from start: Int,
        requiresValues: Bool
    ) throws(MessageError) -> Int? {
        var end = start
        while true {
            let semicolon = self.blanksEnd(in: bytes, from: end)
            guard semicolon < bytes.count else { return nil }
            guard bytes[semicolon] == UInt8(ascii: ";") else { return end }
            let name = self.blanksEnd(in: bytes, from: semicolon + 1)
            guard let nameEnd = try self.tokenEnd(in: bytes, from: name) else { return nil }
            let equals = self.blanksEnd(in: bytes, from: nameEnd)
            guard equals < bytes.count else { return nil }
            guard bytes[equals] == UInt8(ascii: "=") else {
                guard !requiresValues else { throw .malformed("parameter without a value") }
                end = nameEnd
                continue
            }
            let value = self.blanksEnd(in: bytes, from: equals + 1)
            guard value < bytes.count else { return nil }
            let isQuoted = bytes[value] == UInt8(ascii: "\"")
            let valueEnd =
                isQuoted ? try self.quotedEnd(in: bytes, from: value) : try self.tokenEnd(in: bytes, from: value)
            guard let valueEnd else { return nil }
            end = valueEnd
        }
    }

    /// Skips white space (RFC 9110 section 5.6.3).
    static func blanksEnd(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index &+= 1 }
        return index
    }

    /// Returns the end of the token, or nil if the token may continue after the last byte.
    static func tokenEnd(in bytes: UnsafeRawBufferPointer, from start: Int) throws(MessageError) -> Int? {
        var index = start
        while index < bytes.count, ByteClass.isTokenByte(bytes[index]) { index &+= 1 }
        guard index < bytes.count else { return nil }
        guard index > start else { throw .malformed("parameter without a token") }
        return index
    }

    /// Skips a quoted string (RFC 9110 section 5.6.4), or returns nil if it is not closed yet. An unclosed quote
    /// cannot hide a line end, because the grammar excludes control characters.
    private static func quotedEnd(
        in bytes: UnsafeRawBufferPointer,
        from start: Int
    ) throws(MessageError) -> Int? {
        var index = start &+ 1
        while index < bytes.count {
            let byte = bytes[index]
            guard ByteClass.isFieldByte(byte) else { throw .malformed("control character in a quoted string") }
            index &+= 1
            if byte == UInt8(ascii: "\"") { return index }
            guard byte == UInt8(ascii: "\\") else { continue }
            guard index < bytes.count else { return nil }
            guard ByteClass.isFieldByte(bytes[index]) else { throw .malformed("control character in a quoted string") }
            index &+= 1
        }
        return nil
    }
}
