import CCrypt
package import GatewaySettings

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Computes password hashes. This takes a core tens to hundreds of milliseconds, so never call it on an event loop.
extension PasswordHash {
    /// The longest password in bytes. The time of SHA crypt grows with the length.
    package static let longestPassword = 511
    /// The bytes of a password that bcrypt uses.
    package static let bcryptLength = 72

    /// Whether this is the hash of the password.
    package func matches(_ password: [UInt8]) -> Bool {
        guard let computed = Self.crypt(password, self.text) else { return false }
        return Self.isEqual(computed.suffix(self.checksum.utf8.count), Array(self.checksum.utf8))
    }

    /// Hashes a password with bcrypt at a cost of 12, as `htpasswd -B -C 12` does.
    ///
    /// - Parameter salt: 16 random bytes.
    package init?(hashing password: [UInt8], salt: [UInt8]) {
        guard salt.count == 16 else { return nil }
        let setting = "$2y$12$" + Self.bcryptBase64(salt)
        guard let computed = Self.crypt(password, setting) else { return nil }
        self.init(String(decoding: computed, as: UTF8.self))
    }

    /// Returns nil for passwords that cannot be hashed, and for hashes that the library does not accept.
    private static func crypt(_ password: [UInt8], _ setting: String) -> [UInt8]? {
        // The library would stop at NUL and compare only what is before it.
        guard password.count <= self.longestPassword, !password.contains(0) else { return nil }
        // Each call has its own memory, so that threads do not meet in it.
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: MemoryLayout<crypt_data>.size,
            alignment: MemoryLayout<crypt_data>.alignment
        )
        scratch.initializeMemory(as: UInt8.self, repeating: 0)
        defer {
            // It has held the password.
            scratch.initializeMemory(as: UInt8.self, repeating: 0)
            scratch.deallocate()
        }
        guard let data = scratch.baseAddress?.assumingMemoryBound(to: crypt_data.self) else { return nil }
        let phrase = password.map { CChar(bitPattern: $0) } + [0]
        guard let result = crypt_r(phrase, setting, data) else { return nil }
        let computed = UnsafeRawBufferPointer(start: result, count: strlen(result))
        // `*0` and `*1` report errors.
        return computed.first == UInt8(ascii: "*") ? nil : Array(computed)
    }

    /// Compares in a time that does not depend on where the texts differ.
    private static func isEqual(_ left: ArraySlice<UInt8>, _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        // The parentheses matter: `|` and `^` have the same precedence.
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// The base 64 of bcrypt, whose alphabet differs from the usual one and which has no padding.
    private static func bcryptBase64(_ bytes: [UInt8]) -> String {
        let digits = Array("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(digits[Int(bits >> UInt32(count) & 63)])
            }
        }
        if count > 0 { text.append(digits[Int(bits << UInt32(6 - count) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }
}
