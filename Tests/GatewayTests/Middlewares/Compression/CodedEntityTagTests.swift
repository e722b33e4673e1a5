import NIOCore
import Testing

@testable import Gateway
@testable import GatewayHTTP
@testable import GatewayMiddlewares

struct CodedEntityTagTests {
    /// nil if there is no suffix to remove.
    private static func removing(_ coding: ContentCoding?, from list: String) -> String? {
        var output = ByteBuffer()
        let found = Array(list.utf8).withUnsafeBytes {
            CodedEntityTag.removeSuffixes(of: coding, from: $0, into: &output)
        }
        return found ? String(buffer: output) : nil
    }

    @Test(arguments: [
        ("\"x-gw-gzip\"", "\"x\""), ("W/\"x-gw-gzip\"", "W/\"x\""),
        ("\"a\", \"x-gw-gzip\" ,\"b\"", "\"a\", \"x\" ,\"b\""),
        ("\"x-gw-gzip\", \"y-gw-br\"", "\"x\", \"y-gw-br\""), ("\"a,b-gw-gzip\",\"c\"", "\"a,b\",\"c\""),
        ("\"-gw-gzip\"", "\"\""), ("\"x-gw-gzip-gw-gzip\"", "\"x-gw-gzip\""), ("\"x-gw-gzip\", \"y", "\"x\", \"y"),
        ("*", nil), ("\"x\"", nil), ("x-gw-gzip", nil), ("\"x-gw-GZIP\"", nil), ("\"gw-gzip\"", nil), ("\"", nil),
        ("", nil), ("\"x\"-gw-gzip\"y\"", nil), ("\"x-gw-br\"", nil),
    ])
    func `the suffix of one coding is removed`(_ list: String, _ expected: String?) {
        #expect(Self.removing(.gzip, from: list) == expected)
    }

    @Test(arguments: [
        ("\"x-gw-gzip\",\"y-gw-br\", \"z-gw-deflate\",\"w\"", "\"x\",\"y\", \"z\",\"w\""), ("\"x-gw-zstd\"", nil),
    ])
    func `the suffix of any coding is removed`(_ list: String, _ expected: String?) {
        #expect(Self.removing(nil, from: list) == expected)
    }

    @Test(arguments: [
        ("\"x-gw-gzip\"", "\"x\"", true), ("W/\"x-gw-gzip\"", "\"x\"", true), ("\"y\", \"x-gw-gzip\"", "\"x\"", true),
        ("\"x\"", "\"x\"", false), ("\"x-gw-br\"", "\"x\"", false), ("\"x-gw-gzip\"", "W/\"x\"", false),
        ("\"xx-gw-gzip\"", "\"x\"", false), ("*", "\"x\"", false), ("", "\"x\"", false), ("\"x-gw-gzip\"", "x", false),
    ])
    func `a list that contains the tag of the encoded representation is recognized`(
        _ list: String,
        _ tag: String,
        _ expected: Bool
    ) {
        let isNamed = Array(list.utf8).withUnsafeBytes { list in
            Array(tag.utf8).withUnsafeBytes { CodedEntityTag.list(list, names: $0, in: .gzip) }
        }
        #expect(isNamed == expected)
    }

    @Test func `everything except suffixes is kept`() {
        var random = SeededRandom(seed: 3)
        let parts = ["\"", "-gw-br", "-gw-gzip", ",", " ", "W/", "x", "*", "\u{e9}"]
        for _ in 0..<5_000 {
            let list = (0..<Int.random(in: 0...12, using: &random)).map { _ in parts.randomElement(using: &random) ?? ""
            }
            .joined()
            guard let removed = Self.removing(.brotli, from: list) else { continue }
            let count = (list.utf8.count - removed.utf8.count) / "-gw-br".utf8.count
            #expect(count > 0 && list.utf8.count - removed.utf8.count == count * "-gw-br".utf8.count, "\(list)")
            #expect(list.replacing("-gw-br", with: "") == removed.replacing("-gw-br", with: ""), "\(list)")
        }
    }
}
