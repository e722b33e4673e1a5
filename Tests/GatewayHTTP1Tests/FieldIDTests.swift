import Testing

@testable import GatewayHTTP
@testable import GatewayHTTP1

struct FieldIDTests {
    private func find(_ name: String) -> FieldID {
        Array(name.utf8).withUnsafeBytes { FieldTable.shared.id(of: $0) }
    }

    @Test(arguments: FieldID.allCases.filter { $0 != .unknown })
    func `each name is found in any case, and similar names are not`(id: FieldID) {
        let name = id.name.description
        #expect(self.find(name) == id)
        #expect(self.find(name.lowercased()) == id)
        #expect(self.find(name.uppercased()) == id)
        #expect(self.find(name + "x") == .unknown)
        #expect(self.find("x" + name) != id)
        #expect(self.find(String(name.dropLast())) != id)
        #expect(self.find(name.replacing("-", with: "_")) == (name.contains("-") ? .unknown : id))
    }

    @Test(arguments: [
        ("Content_Length", FieldID.contentLength), ("content_length", .contentLength),
        ("X_Forwarded-For", .xForwardedFor), ("Content-Length", .unknown), ("Content__Length", .unknown),
        ("X_My_Field", .unknown), ("_", .unknown), ("", .unknown), ("Host_", .unknown),
        (String(repeating: "_", count: 10_000), .unknown),
    ])
    func `a name with underscores maps to the field with hyphens`(name: String, id: FieldID) {
        #expect(Array(name.utf8).withUnsafeBytes { FieldID.resembled(by: $0) } == id)
    }

    @Test func `all names are different`() {
        #expect(Set(FieldID.allCases.map { $0.name.description.lowercased() }).count == FieldID.allCases.count)
    }

    @Test func `random names are unknown`() {
        var random = SeededGenerator(1)
        for _ in 0..<10_000 {
            let name = random.bytes(Int.random(in: 0..<40, using: &random), of: Array("abcdefXYZ-0".utf8))
            let id = name.withUnsafeBytes { FieldTable.shared.id(of: $0) }
            let text = String(decoding: name, as: UTF8.self)
            #expect(id == .unknown || id.name.description.lowercased() == text.lowercased())
        }
    }

    @Test(arguments: [
        FieldID.connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .http2Settings,
        .proxyAuthenticate, .proxyAuthorization,
    ])
    func `RFC 9110 section 7.6.1: hop-by-hop fields are known`(id: FieldID) {
        #expect(id.isHopByHop)
    }

    @Test(arguments: [FieldID.unknown, .host, .contentLength, .authorization, .setCookie, .wwwAuthenticate, .via])
    func `end-to-end fields are not hop-by-hop fields`(id: FieldID) {
        #expect(!id.isHopByHop)
    }
}
