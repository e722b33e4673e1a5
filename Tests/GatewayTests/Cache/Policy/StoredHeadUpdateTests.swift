import Testing

@testable import GatewayCache
@testable import GatewayHTTP

/// RFC 9111 sections 3.2 and 4.3.5
struct StoredHeadUpdateTests {
    private static func prepared(_ lines: String) -> PreparedFields {
        let block = Heads.fields(lines)
        return PreparedFields(room: 0) { fields in for field in block.fields { fields.add(field, from: block) } }
    }

    @Test(
        arguments: [
            ("Foo: 1", "Foo: 2", "Foo: 2"), ("Foo: 1|foo: 2|Bar: 3", "FOO: 4", "Bar: 3|FOO: 4"),
            ("Foo: 1", "", "Foo: 1"),
            ("Content-Length: 5", "Content-Length: 0", "Content-Length: 5"),
            ("Content-Encoding: gzip", "Content-Encoding: br|Content-Range: bytes 0-1/2", "Content-Encoding: gzip"),
            ("Age: 5", "", ""), ("Age: 5", "Age: 1", "Age: 1"), ("Foo: 1", "Set-Cookie: a", "Foo: 1"),
            ("Date: a|Cache-Control: max-age=5", "Cache-Control: max-age=6", "Cache-Control: max-age=6"),
            ("Date: a", "ETag: b", "Date: a|ETag: b"),
        ]
    )
    func `a 304 freshens a stored head`(_ stored: String, _ update: String, _ result: String) {
        let fields = HeaderBlock(
            StoredHeadUpdate.fields(of: Self.prepared(stored), freshenedBy: Heads.fields(update)),
            room: 0
        )
        var lines: [String] = []
        for field in fields.fields { lines.append("\(fields.string(field.name)): \(fields.string(field.value))") }
        #expect(lines.joined(separator: "|") == result)
    }

    @Test(
        arguments: [
            ("ETag: \"a\"", "ETag: \"b\"", true), ("ETag: \"a\"", "ETag: \"a\"", false), ("ETag: \"a\"", "", false),
            ("Content-Length: 5", "Content-Length: 6", true), ("Last-Modified: a", "Last-Modified: b", true),
            ("", "ETag: \"b\"", false),
        ]
    )
    func `a HEAD shows that a stored response has changed`(_ stored: String, _ update: String, _ isOutdated: Bool) {
        let result = StoredHeadUpdate.isOutdated(Self.prepared(stored), by: Heads.fields(update))
        #expect(result == isOutdated)
    }
}
