import GatewayCache
import Testing

@Suite struct HostReferenceTests {
    private static func change(
        _ reference: String,
        _ host: String,
        _ change: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> [UInt8]?
    ) -> String? {
        let bytes = Array(reference.utf8).withUnsafeBytes { reference in
            Array(host.utf8).withUnsafeBytes { change(reference, $0) }
        }
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        ("http://a.example/x", "http://b.example:81/x"), ("https://A.example", "https://b.example:81"),
        ("//a.example/x", "//b.example:81/x"), ("HTTP://a.example?q", "HTTP://b.example:81?q"),
        ("http://a.example#f", "http://b.example:81#f"),
    ])
    func `each client gets the host that it used`(_ reference: String, _ other: String) throws {
        let stored = try #require(Self.change(reference, "a.example", HostReference.withoutHost))
        #expect(!stored.lowercased().contains("a.example"))
        #expect(Self.change(stored, "b.example:81", HostReference.withHost) == other)
    }

    @Test(arguments: [
        "/x", "x", "", "http://", "http://b.example/x", "http://a.example:80/x", "http://a.example.evil/",
        "http://u@a.example/", "ftp://a.example/", "http:/a.example/", "/http://a.example/", "{host}",
    ])
    func `other references stay`(_ reference: String) {
        #expect(Self.change(reference, "a.example", HostReference.withoutHost) == nil)
        #expect(Self.change(reference, "b.example", HostReference.withHost) == nil)
    }

    @Test(arguments: [("http://a.example/x?y", "/x?y"), ("http://a.example", "/"), ("http://a.example?y", "/?y")])
    func `a client that named no host gets the path`(_ reference: String, _ path: String) throws {
        let stored = try #require(Self.change(reference, "a.example", HostReference.withoutHost))
        #expect(Self.change(stored, "", HostReference.withHost) == path)
        #expect(Self.change(reference, "", HostReference.withoutHost) == nil)
    }
}
