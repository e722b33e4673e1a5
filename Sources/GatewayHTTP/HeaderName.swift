/// The name of a header field, prepared so that a lookup compares a number or a few bytes.
public struct HeaderName: Hashable, Sendable, CustomStringConvertible {
    package let id: FieldID
    /// The name as written on the wire.
    package let bytes: [UInt8]

    /// Creates a name, which is compared case-insensitively (RFC 9110 section 5.1).
    ///
    /// Bytes that are not allowed in a name become "_", so a name can never start another line. ``init(validating:)``
    /// rejects such names instead.
    public init(_ name: String) {
        let bytes = name.utf8.map { ByteClass.isTokenByte($0) ? $0 : UInt8(ascii: "_") }
        self.bytes = bytes.isEmpty ? [UInt8(ascii: "_")] : bytes
        self.id = self.bytes.withUnsafeBytes { FieldTable.shared.id(of: $0) }
    }

    /// Creates a name from external input. Nil if it is not a token (RFC 9110 section 5.6.2).
    public init?(validating name: String) {
        guard ByteClass.isToken(name.utf8) else { return nil }
        self.init(name)
    }

    package init(_ id: FieldID) {
        self.id = id
        self.bytes = Array(UnsafeRawBufferPointer(id.name))
    }

    /// The name as written on the wire.
    public var description: String { String(decoding: self.bytes, as: UTF8.self) }

    public static func == (left: HeaderName, right: HeaderName) -> Bool {
        guard left.id == right.id else { return false }
        guard left.id == .unknown else { return true }
        return left.bytes.withUnsafeBytes { left in
            right.bytes.withUnsafeBytes { ByteClass.equalsIgnoringCase(left, $0) }
        }
    }

    public func hash(into hasher: inout Hasher) {
        if self.id != .unknown { return hasher.combine(self.id) }
        for byte in self.bytes { hasher.combine(byte | 0x20) }
    }
}
