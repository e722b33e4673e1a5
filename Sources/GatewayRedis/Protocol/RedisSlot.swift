import NIOCore

/// The slots into which a cluster divides its keys.
enum RedisSlot {
    static let count = 16_384

    /// The slot of a key. If it has a part in braces, that part alone counts.
    static func of(_ key: ByteBuffer) -> Int {
        key.withUnsafeReadableBytes { bytes in
            var hashed = bytes[...]
            if let open = bytes.firstIndex(of: UInt8(ascii: "{")),
                let close = bytes[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
            {
                hashed = bytes[open + 1..<close]
            }
            return Int(self.crc16(hashed)) & (self.count - 1)
        }
    }

    /// CRC-16/XMODEM.
    static func crc16(_ bytes: some Sequence<UInt8>) -> UInt16 {
        var crc: UInt16 = 0
        for byte in bytes { crc = crc << 8 ^ self.table[Int(UInt8(truncatingIfNeeded: crc >> 8) ^ byte)] }
        return crc
    }

    private static let table: [UInt16] = (0..<256).map { index in
        var crc = UInt16(truncatingIfNeeded: index) << 8
        for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
        return crc
    }
}
