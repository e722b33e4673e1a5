import Testing

@testable import Gateway
@testable import GatewayHTTP

struct EntityTagTests {
    private static func tag(_ text: String) -> String? {
        Array(text.utf8).withUnsafeBytes { bytes in
            EntityTag(bytes).map { ($0.isWeak ? "weak " : "strong ") + String(decoding: $0.opaque, as: UTF8.self) }
        }
    }

    private static func members(_ text: String) -> [String] {
        Array(text.utf8).withUnsafeBytes { bytes in
            var list = EntityTagList(bytes)
            var members: [String] = []
            while let member = list.next() {
                switch member {
                case .tag(let tag):
                    members.append((tag.isWeak ? "W/" : "") + String(decoding: tag.opaque, as: UTF8.self))
                case .any: members.append("*")
                case .malformed: members.append("?")
                }
            }
            return members
        }
    }

    @Test(arguments: [
        ("\"xyzzy\"", "strong xyzzy"), ("W/\"xyzzy\"", "weak xyzzy"), ("\"\"", "strong "), ("W/\"\"", "weak "),
        ("\"a,b\"", "strong a,b"), ("\"W/\"", "strong W/"), ("\"\\\"", "strong \\"), ("\"é\"", "strong é"),
        ("w/\"a\"", nil), ("W/", nil), ("W\"a\"", nil), ("a", nil), ("\"a", nil), ("a\"", nil), ("\"a\"b", nil),
        ("\"a b\"", nil), ("\"a\tb\"", nil), ("\"a\u{7F}\"", nil), ("", nil), ("*", nil), (" \"a\"", nil),
        ("\"a\", \"b\"", nil),
    ])
    func `a single tag is parsed (RFC 9110 section 8.8.3)`(text: String, expected: String?) {
        #expect(Self.tag(text) == expected)
    }

    @Test(arguments: [
        ("", []), (",, ,", []), ("*", ["*"]), (" * ", ["*"]), ("\"a\"", ["a"]), ("\"a\",\"b\"", ["a", "b"]),
        ("\"a\" ,\t W/\"b\",", ["a", "W/b"]), ("\"a,b\", \"c\"", ["a,b", "c"]), ("*, \"a\"", ["*", "a"]),
        ("a, \"b\"", ["?", "b"]), ("\"a\"x, \"b\"", ["?", "b"]), ("\"a, \"b\"", ["?", "b"]), ("**", ["?"]),
        ("w/\"a\", W/\"b\"", ["?", "W/b"]), ("\"a b\", \"c\"", ["?", "c"]),
    ])
    func `lists are parsed, and malformed members are skipped (RFC 9110 section 5.6.1)`(
        text: String,
        expected: [String]
    ) {
        #expect(Self.members(text) == expected)
    }

    @Test(arguments: [
        ("W/\"1\"", "W/\"1\"", false, true), ("W/\"1\"", "W/\"2\"", false, false), ("W/\"1\"", "\"1\"", false, true),
        ("\"1\"", "\"1\"", true, true), ("\"1\"", "\"2\"", false, false), ("\"a\"", "\"A\"", false, false),
    ])
    func `the comparison matches the table of RFC 9110 section 8.8.3.2`(a: String, b: String, strong: Bool, weak: Bool)
    {
        Array(a.utf8).withUnsafeBytes { a in
            Array(b.utf8).withUnsafeBytes { b in
                guard let a = EntityTag(a), let b = EntityTag(b) else {
                    Issue.record("no tags")
                    return
                }
                #expect(a.matchesStrongly(b) == strong)
                #expect(b.matchesStrongly(a) == strong)
                #expect(a.matchesWeakly(b) == weak)
                #expect(b.matchesWeakly(a) == weak)
            }
        }
    }

    @Test func `malformed lists terminate, with at most one member per comma`() {
        var random = SeededRandom(seed: 7)
        let letters = Array("\"\"\"W/W/,,* \t\\aé".utf8) + [0, 0x7F, 0xFF]
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                letters.randomElement(using: &random) ?? 0
            }
            text.withUnsafeBytes { bytes in
                var list = EntityTagList(bytes)
                var count = 0
                while list.next() != nil { count += 1 }
                #expect(count <= text.count { $0 == UInt8(ascii: ",") } + 1)
                _ = EntityTag(bytes)
            }
        }
    }
}
