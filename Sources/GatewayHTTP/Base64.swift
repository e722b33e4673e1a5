/// Base64 (RFC 4648 section 4).
package enum Base64 {
    private static let digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let digits = UnsafeRawBufferPointer(self.digits)
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var group: UInt32 = 0
        var count = 0
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            count += 1
            guard count == 3 else { continue }
            for shift: UInt32 in [18, 12, 6, 0] { text.append(digits[Int(group >> shift & 63)]) }
            (group, count) = (0, 0)
        }
        if count == 1 { text += [digits[Int(group >> 2)], digits[Int(group << 4 & 63)]] + Array("==".utf8) }
        if count == 2 {
            text += [digits[Int(group >> 10)], digits[Int(group >> 4 & 63)], digits[Int(group << 2 & 63)], 0x3D]
        }
        return text
    }
}
