/// The head of a frame (RFC 6455 section 5.2).
package struct WebSocketFrameHead: Hashable, Sendable {
    /// Whether the frame is the last one of its message.
    package var isFinal = true
    /// The three reserved bits, of which an extension may use some: RSV1 is 4, RSV2 is 2, RSV3 is 1.
    package var reserved: UInt8 = 0
    package var opcode: UInt8 = 0
    package var isMasked = false
    /// The masking key, with its first byte in the lowest bits. 0 if the frame is not masked.
    package var mask: UInt32 = 0
    package var length: UInt64 = 0

    package static let continuation: UInt8 = 0
    package static let text: UInt8 = 1
    package static let binary: UInt8 = 2
    package static let close: UInt8 = 8
    package static let ping: UInt8 = 9
    package static let pong: UInt8 = 10

    package var isControl: Bool { self.opcode & 8 != 0 }
    /// Whether RFC 6455 defines the opcode.
    package var isKnown: Bool { self.opcode <= Self.binary || (Self.close...Self.pong).contains(self.opcode) }

    package init() {}
}

/// Reads the head of a frame byte by byte, so that it may arrive in any pieces.
package struct WebSocketFrameHeadReader: Hashable, Sendable {
    private enum Stage: Hashable, Sendable {
        case flags
        case length
        /// The bytes that are missing of a longer length.
        case longLength(UInt8)
        /// The bytes that are missing of the mask.
        case mask(UInt8)
    }

    private var stage = Stage.flags
    package private(set) var head = WebSocketFrameHead()

    package init() {}

    /// Whether no byte of a head was read.
    package var isAtStart: Bool { self.stage == .flags }

    /// Reads one byte. Returns true if it completes the head. The next byte then starts another head.
    package mutating func read(_ byte: UInt8) -> Bool {
        switch self.stage {
        case .flags:
            self.head = WebSocketFrameHead()
            self.head.isFinal = byte & 0x80 != 0
            self.head.reserved = byte >> 4 & 7
            self.head.opcode = byte & 15
            self.stage = .length
            return false
        case .length:
            self.head.isMasked = byte & 0x80 != 0
            switch byte & 0x7F {
            case 126: self.stage = .longLength(2)
            case 127: self.stage = .longLength(8)
            case let length:
                self.head.length = UInt64(length)
                return self.lengthRead()
            }
            return false
        case .longLength(let missing):
            self.head.length = self.head.length << 8 | UInt64(byte)
            if missing == 1 { return self.lengthRead() }
            self.stage = .longLength(missing - 1)
            return false
        case .mask(let missing):
            self.head.mask |= UInt32(byte) << (8 * UInt32(4 - missing))
            self.stage = missing == 1 ? .flags : .mask(missing - 1)
            return missing == 1
        }
    }

    private mutating func lengthRead() -> Bool {
        self.stage = self.head.isMasked ? .mask(4) : .flags
        return !self.head.isMasked
    }
}
