import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayHTTP

struct AcceptEncodingTests {
    private static let all: ContiguousArray<ContentCoding> = [.brotli, .gzip, .deflate]

    /// The list, with one field line per argument.
    private static func parse(_ lines: String...) throws -> AcceptEncoding {
        var head = RequestHead()
        let fields = lines.map { "Accept-Encoding: \($0)\r\n" }.joined()
        var bytes = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        var parser = RequestParser(limits: HTTP1Limits())
        guard try parser.parse(&bytes, into: &head) else { throw MessageError(.truncated, "head") }
        return AcceptEncoding(head.headers)
    }

    /// The last five are the examples of RFC 9110 section 12.5.3.
    @Test(arguments: [
        ("gzip", ContentCoding.gzip), ("br", .brotli), ("deflate", .deflate), ("GZip", .gzip), ("x-gzip", .gzip),
        ("gzip, br", .brotli), ("gzip,deflate", .gzip), ("gzip, deflate, br, zstd", .brotli),
        ("br;q=0.9, gzip", .gzip), ("br;q=0.901, gzip;q=0.9", .brotli), ("gzip ; q=0.5 , br\t;\tQ=0.4", .gzip),
        ("br;q=0, gzip;q=0.001", .gzip), ("*", .brotli), ("*;q=0.5, gzip", .gzip), ("br;q=0, *", .gzip),
        ("*;q=0, gzip", .gzip), ("gzip;q=0, br;q=0, *", .deflate), ("identity;q=0", nil), ("identity", nil),
        ("identity;q=0, *", .brotli), ("identity, gzip", .gzip), ("identity;q=0.5, gzip;q=0.4", nil),
        ("identity;q=0.5, gzip;q=0.5", .gzip), ("identity;q=0, gzip;q=0.1", .gzip), ("gzip;q=0", nil), ("*;q=0", nil),
        ("gzip;q=0.5, *;q=0.8", .brotli), ("zstd", nil), ("gzipped", nil), ("gzip, gzip;q=0", nil), (",,gzip,,", .gzip),
        ("compress, gzip", .gzip), ("", nil), ("compress;q=0.5, gzip;q=1.0", .gzip),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", .gzip),
    ])
    func `the client's preferred coding is selected`(_ value: String, _ expected: ContentCoding?) throws {
        #expect(try Self.parse(value).best(of: Self.all) == expected)
    }

    @Test(arguments: [
        "gzip;q=2", "gzip;q=1.001", "gzip;q=0.1234", "gzip;q=.5", "gzip;q=", "gzip;q", "gzip;", "gzip;q=-1", "gzip;q=a",
        "gzip;q =1", "gzip;q= 1", "gzip;level=5", "gzip;q=1;q=1", "gzip q=1", "gzip gzip", ";q=1", "\"gzip\"",
        "gzip;q=1.1",
        "gzip;q=0..5", "gz ip", "gzip/br", "gzip;q=00", "gzip;q=10",
    ])
    func `a malformed member is ignored, the others are used`(_ member: String) throws {
        #expect(try Self.parse(member).best(of: Self.all) == nil)
        #expect(try Self.parse(member + ", deflate;q=0.1").best(of: Self.all) == .deflate)
    }

    @Test(arguments: ["gzip;q=1.", "gzip;q=1.0", "gzip;q=1.000", "gzip;q=0.", "gzip;q=0.000", "gzip;q=0"])
    func `all forms of a weight are parsed`(_ member: String) throws {
        #expect(try Self.parse(member).best(of: Self.all) == (member.contains("=1") ? .gzip : nil))
    }

    @Test func `the configured order breaks ties`() throws {
        let list = try Self.parse("gzip, deflate, br")
        for order in [Self.all, [.gzip, .brotli], [.deflate, .gzip, .brotli]] {
            #expect(list.best(of: order) == order[0])
        }
        #expect(list.best(of: []) == nil)
    }

    @Test func `all field lines are one list`() throws {
        #expect(try Self.parse("br;q=0.5", "gzip", "*;q=0").best(of: Self.all) == .gzip)
        #expect(try Self.parse().best(of: Self.all) == nil)
    }

    @Test func `a rejected coding is never offered`() throws {
        var random = SeededRandom(seed: 12)
        let parts = [
            "gzip", "br", "*", "identity", ";", "q", "=", "0", ".", "1", ",", " ", "\t", "x-", "\"", "0.5", "\u{80}",
        ]
        for _ in 0..<5_000 {
            let value = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                parts.randomElement(using: &random) ?? ""
            }
            .joined()
            let list = try Self.parse(value, "br;q=0")
            #expect(list.best(of: [.brotli]) == nil, "\(value)")
            if let best = list.best(of: Self.all) { #expect(list.best(of: [best]) == best, "\(value)") }
        }
    }
}
