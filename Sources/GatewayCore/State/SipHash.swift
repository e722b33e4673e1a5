/// SipHash-2-4 with a 128-bit result: hashes names of any length to fixed-size keys that cannot be made to collide
/// without the seed. <https://www.aumasson.jp/siphash/siphash.pdf>
package struct SipHash: Sendable {
    /// The secret key of the hash.
    package struct Seed: Hashable, Sendable {
        package var first: UInt64
        package var second: UInt64

        package init(_ first: UInt64, _ second: UInt64) {
            self.first = first
            self.second = second
        }

        package init(using random: inout some RandomNumberGenerator) {
            self.init(random.next(), random.next())
        }

        /// A seed that cannot be guessed.
        package static func random() -> Seed {
            var generator = SystemRandomNumberGenerator()
            return Seed(using: &generator)
        }
    }

    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    /// Bytes that do not fill a word yet, lowest first.
    private var tail: UInt64 = 0
    private var count: UInt64 = 0

    package init(seed: Seed) {
        self.v0 = seed.first ^ 0x736F_6D65_7073_6575
        self.v1 = seed.second ^ 0x646F_7261_6E64_6F6D ^ 0xEE
        self.v2 = seed.first ^ 0x6C79_6765_6E65_7261
        self.v3 = seed.second ^ 0x7465_6462_7974_6573
    }

    package mutating func combine(_ byte: UInt8) {
        self.tail |= UInt64(byte) << ((self.count & 7) << 3)
        self.count &+= 1
        if self.count & 7 == 0 {
            self.compress(self.tail)
            self.tail = 0
        }
    }

    /// Eight bytes, lowest first.
    package mutating func combine(_ word: UInt64) {
        let used = (self.count & 7) << 3
        self.count &+= 8
        if used == 0 {
            self.compress(word)
        } else {
            self.compress(self.tail | word << used)
            self.tail = word >> (64 - used)
        }
    }

    package mutating func combine(_ bytes: UnsafeRawBufferPointer) {
        var index = 0
        while bytes.count - index >= 8 {
            self.combine(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
            index += 8
        }
        while index < bytes.count {
            self.combine(bytes[index])
            index += 1
        }
    }

    /// Combines bytes with the letters of ASCII in lower case.
    package mutating func combine(lowercased bytes: UnsafeRawBufferPointer) {
        var index = 0
        while bytes.count - index >= 8 {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            self.combine(Self.lowercased(word))
            index += 8
        }
        while index < bytes.count {
            self.combine(UInt8(truncatingIfNeeded: Self.lowercased(UInt64(bytes[index]))))
            index += 1
        }
    }

    /// Eight bytes at once: of each, the high bit of a sum tells whether it is beyond a letter.
    private static func lowercased(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let low = word & (ones &* 0x7F)
        let fromA = low &+ ones &* (0x80 - 0x41)
        let beyondZ = low &+ ones &* (0x80 - 0x5B)
        let upperCase = (fromA ^ beyondZ) & ~word & (ones &* 0x80)
        return word | upperCase >> 2
    }

    package consuming func finish() -> (UInt64, UInt64) {
        self.compress(self.tail | self.count << 56)
        self.v2 ^= 0xEE
        for _ in 0..<4 { self.round() }
        let first = self.v0 ^ self.v1 ^ self.v2 ^ self.v3
        self.v1 ^= 0xDD
        for _ in 0..<4 { self.round() }
        return (first, self.v0 ^ self.v1 ^ self.v2 ^ self.v3)
    }

    private mutating func compress(_ word: UInt64) {
        self.v3 ^= word
        self.round()
        self.round()
        self.v0 ^= word
    }

    private mutating func round() {
        self.v0 &+= self.v1
        self.v2 &+= self.v3
        self.v1 = self.v0 ^ Self.rotate(self.v1, 13)
        self.v3 = self.v2 ^ Self.rotate(self.v3, 16)
        self.v0 = Self.rotate(self.v0, 32)
        self.v2 &+= self.v1
        self.v0 &+= self.v3
        self.v1 = self.v2 ^ Self.rotate(self.v1, 17)
        self.v3 = self.v0 ^ Self.rotate(self.v3, 21)
        self.v2 = Self.rotate(self.v2, 32)
    }

    private static func rotate(_ value: UInt64, _ by: UInt64) -> UInt64 { value << by | value >> (64 - by) }
}
