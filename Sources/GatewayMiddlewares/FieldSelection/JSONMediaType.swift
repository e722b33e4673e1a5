import GatewayHTTP

/// The media types of JSON: `application/json`, and all with the suffix `+json` (RFC 6839 section 3.1).
enum JSONMediaType {
    /// Returns whether a value of `Content-Type` is one of them, with or without parameters.
    static func matches(_ contentType: UnsafeRawBufferPointer) -> Bool {
        let type = contentType.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
        if ByteClass.equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: type), self.json) { return true }
        guard let slash = type.firstIndex(of: UInt8(ascii: "/")) else { return false }
        let suffix = type[(slash + 1)...].suffix(self.suffix.count)
        return ByteClass.equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: suffix), self.suffix)
    }

    private static var json: UnsafeRawBufferPointer { UnsafeRawBufferPointer("application/json") }
    private static var suffix: UnsafeRawBufferPointer { UnsafeRawBufferPointer("+json") }
}
