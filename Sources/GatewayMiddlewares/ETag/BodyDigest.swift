/// A 128-bit digest of a body, for its tag: MurmurHash3 x64 by Austin Appleby.
///
/// A cryptographic hash is not needed: whoever constructs two bodies with the same digest wrote both, and can only make
/// readers of that document keep its older version. Other bodies collide once in 2^64 pairs. There is no key, so that
/// all gateways of an upstream generate the same tags, also after a restart. It blocks the event loop for less time
/// than SHA-256.
struct BodyDigest: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    init(_ bytes: UnsafeRawBufferPointer) {
        var h1: UInt64 = 0
        var h2: UInt64 = 0
        var position = 0
        while position &+ 16 <= bytes.count {
            h1 ^= Self.first(bytes.word(at: position))
            h1 = (h1.rotated(27) &+ h2) &* 5 &+ 0x52DC_E729
            h2 ^= Self.second(bytes.word(at: position &+ 8))
            h2 = (h2.rotated(31) &+ h1) &* 5 &+ 0x3849_5AB5
            position &+= 16
        }
        var tail: (UInt64, UInt64) = (0, 0)
        for index in position..<bytes.count {
            let shift = UInt64(8 * ((index - position) & 7))
            if index - position < 8 {
                tail.0 |= UInt64(bytes[index]) << shift
            } else {
                tail.1 |= UInt64(bytes[index]) << shift
            }
        }
        h1 ^= Self.first(tail.0)
        h2 ^= Self.second(tail.1)
        h1 ^= UInt64(bytes.count)
        h2 ^= UInt64(bytes.count)
        h1 &+= h2
        h2 &+= h1
        h1 = Self.mix(h1)
        h2 = Self.mix(h2)
        h1 &+= h2
        h2 &+= h1
        self.high = h1
        self.low = h2
    }

    private static func first(_ word: UInt64) -> UInt64 {
        (word &* 0x87C3_7B91_1142_53D5).rotated(31) &* 0x4CF5_AD43_2745_937F
    }

    private static func second(_ word: UInt64) -> UInt64 {
        (word &* 0x4CF5_AD43_2745_937F).rotated(33) &* 0x87C3_7B91_1142_53D5
    }

    private static func mix(_ word: UInt64) -> UInt64 {
        var word = word
        word ^= word >> 33
        word &*= 0xFF51_AFD7_ED55_8CCD
        word ^= word >> 33
        word &*= 0xC4CE_B9FE_1A85_EC53
        return word ^ word >> 33
    }
}

extension UInt64 {
    fileprivate func rotated(_ by: UInt64) -> UInt64 { self << by | self >> (64 - by) }
}

extension UnsafeRawBufferPointer {
    fileprivate func word(at offset: Int) -> UInt64 {
        UInt64(littleEndian: self.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
