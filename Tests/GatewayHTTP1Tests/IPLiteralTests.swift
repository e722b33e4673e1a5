import Testing

@testable import GatewayHTTP
@testable import GatewayHTTP1

struct IPLiteralTests {
    private static func isHost(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBytes(ByteClass.isAuthority)
    }

    @Test(arguments: [
        "::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::3:4:5:6:7:8", "2001:DB8::a",
        "::ffff:1.2.3.4", "1:2:3:4:5:6:255.255.255.255", "::0.0.0.0", "64:ff9b::192.0.2.1", "0000::0000",
        "v1.a", "vF.x", "V1f.a:b:c", "v1.a!$&'()*+;=~._-",
    ])
    func `an IPv6 or IPvFuture address is a host`(address: String) {
        #expect(Self.isHost("[\(address)]"))
        #expect(Self.isHost("[\(address)]:8080"))
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
        "1::2::3", "1:::2", ":1::2", "1:2:", "::1:", "12345::1", "::12345", "::g", "::1%25eth0", "::1%eth0", "::1/64",
        "::ffff:1.2.3.999", "::ffff:1.2.3", "::ffff:1.2.3.4.5", "::ffff:1.2.3.", "::ffff:01.2.3.4", "::ffff:1.2.3.a",
        "::1.2.3.4:5", "1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4567", ".1::", "a.b", "v.a", "v1.", "v1", "vg.a",
        "v1.a/b", "v1.a,b", "v1.[", "1v.a", " ::1", "::1 ",
    ])
    func `nothing else in brackets is a host`(address: String) {
        #expect(!Self.isHost("[\(address)]"))
    }

    @Test func `random addresses are parsed like a simple implementation of the grammar`() {
        let pieces = ["0", "1", "ffff", "12345", "a", ":", ":", ":", "::", ".", "1.2.3.4", "256", "g"]
        var generator = SeededGenerator(5)
        var accepted = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...16, using: &generator)
            let text = (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &generator)] }.joined()
            let isAddress = Reference.isIPv6(text)
            #expect(Self.isHost("[\(text)]") == isAddress, "\(text)")
            if isAddress { accepted += 1 }
        }
        #expect(accepted > 50)
    }

    /// RFC 3986's grammar, implemented by splitting text.
    private enum Reference {
        static func isIPv6(_ text: String) -> Bool {
            guard let double = text.firstRange(of: "::") else { return self.groups(text) == 8 }
            let before = String(text[..<double.lowerBound])
            let after = String(text[double.upperBound...])
            guard !after.contains("::"), !after.hasPrefix(":"), !before.contains(".") else { return false }
            guard let left = before.isEmpty ? 0 : self.groups(before),
                let right = after.isEmpty ? 0 : self.groups(after)
            else { return false }
            return left + right < 8
        }

        private static func groups(_ text: String) -> Int? {
            var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            var count = 0
            if let last = parts.last, last.contains(".") {
                let octets = last.split(separator: ".", omittingEmptySubsequences: false)
                guard octets.count == 4, octets.allSatisfy({ UInt8($0).map { "\($0)" } == String($0) }) else {
                    return nil
                }
                parts.removeLast()
                count = 2
            }
            guard parts.allSatisfy({ (1...4).contains($0.utf8.count) && $0.allSatisfy(\.isHexDigit) }) else {
                return nil
            }
            return count + parts.count
        }
    }
}
