import Testing

@testable import GatewayAccess

struct KeyTableTests {
    private static func digest(of key: String) -> KeyDigest { Array(key.utf8).withUnsafeBytes { KeyDigest(of: $0) } }

    private static func table(_ count: Int) throws -> KeyTable {
        try KeyTable((0..<count).map { KeyTable.Entry(digest: Self.digest(of: "key \($0)")) })
    }

    @Test(arguments: [0, 1, 7, 8, 9, 1000]) func `finds each key, and no other`(count: Int) throws {
        let table = try Self.table(count)
        for index in 0..<count {
            #expect(table.find(Self.digest(of: "key \(index)"), at: 0) == .found(index))
        }
        for index in 0..<100 {
            #expect(table.find(Self.digest(of: "other \(index)"), at: 0) == .unknown)
        }
    }

    @Test func `a digest that differs in one bit is another key`() throws {
        let text = String(repeating: "a0", count: 32)
        let digest = try #require(KeyDigest(hexadecimal: text))
        let table = try KeyTable([KeyTable.Entry(digest: digest)])
        #expect(table.find(digest, at: 0) == .found(0))
        for digit in 0..<64 {
            for bit in 0..<4 {
                var digits = Array(text)
                let value = (digits[digit].hexDigitValue ?? 0) ^ 1 << bit
                digits[digit] = Character(String(value, radix: 16))
                let other = try #require(KeyDigest(hexadecimal: String(digits)))
                #expect(table.find(other, at: 0) == .unknown)
            }
        }
    }

    @Test func `a key works until the second in which it expires`() throws {
        let digest = Self.digest(of: "a")
        let table = try KeyTable([KeyTable.Entry(digest: digest, expires: 1000)])
        #expect(table.find(digest, at: 999) == .found(0))
        #expect(table.find(digest, at: 1000) == .expired)
    }

    @Test func `a key that is off does not work, expired or not`() throws {
        let digest = Self.digest(of: "a")
        let table = try KeyTable([KeyTable.Entry(digest: digest, expires: 1000, isEnabled: false)])
        #expect(table.find(digest, at: 0) == .disabled)
        #expect(table.find(digest, at: 2000) == .disabled)
    }

    @Test func `the same digest twice is a mistake`() throws {
        let entries = ["a", "b", "c", "b"].map { KeyTable.Entry(digest: Self.digest(of: $0)) }
        #expect(throws: KeyTable.Duplicate(first: 1, second: 3)) { try KeyTable(entries) }
    }

    @Test func `digests are written as 64 hexadecimal digits`() throws {
        // SHA-256 of "test".
        let written = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        #expect(KeyDigest(hexadecimal: written) == Self.digest(of: "test"))
        #expect(KeyDigest(hexadecimal: written.uppercased()) == Self.digest(of: "test"))
        for bad in [
            "", String(written.dropLast()), written + "0", "g" + written.dropFirst(), "é" + written.dropFirst(2),
        ] {
            #expect(KeyDigest(hexadecimal: bad) == nil)
        }
    }
}
