/// The masking of payloads (RFC 6455 section 5.3), for bytes that arrive in pieces.
package struct WebSocketMask: Hashable, Sendable {
    /// The key, rotated so that its lowest byte belongs to the next byte of the payload.
    package private(set) var key: UInt32

    package init(_ key: UInt32) { self.key = key }

    /// Eight bytes of the key, the first one in the lowest bits.
    var word: UInt64 { UInt64(self.key) << 32 | UInt64(self.key) }

    /// Returns the unmasked byte, the next one of the payload.
    package mutating func unmask(_ byte: UInt8) -> UInt8 {
        defer { self.advance(by: 1) }
        return byte ^ UInt8(truncatingIfNeeded: self.key)
    }

    mutating func advance(by count: Int) {
        let bits = UInt32(truncatingIfNeeded: count & 3) * 8
        guard bits > 0 else { return }
        self.key = self.key >> bits | self.key << (32 - bits)
    }
}
