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
            (200, "ETag: \"a\"", 200, "ETag: \"b\"", .outdated), (200, "ETag: \"a\"", 200, "ETag: \"a\"", .current),
            (200, "ETag: \"a\"", 200, "", .unknown), (200, "", 200, "ETag: \"b\"", .outdated),
            (200, "ETag: \"a\"", 200, "ETag: \"a\"|Content-Length: 6", .outdated),
            (200, "ETag: \"a\"", 200, "ETag: \"a\"|Content-Length: 5", .current),
            (200, "", 200, "Content-Length: 5", .unknown), (200, "", 200, "Content-Length: 05x", .outdated),
            (200, "Last-Modified: a", 200, "Last-Modified: b", .outdated),
            (200, "ETag: \"a\"|Last-Modified: a", 200, "ETag: \"a\"|Last-Modified: b", .outdated),
            (200, "ETag: \"a\"", 404, "", .outdated), (200, "ETag: \"a\"", 410, "", .outdated),
            (200, "ETag: \"a\"", 301, "", .outdated), (404, "", 200, "", .outdated),
            (301, "", 301, "ETag: \"a\"", .unknown),
            (200, "ETag: \"a\"", 403, "", .unknown), (200, "ETag: \"a\"", 304, "ETag: \"b\"", .unknown),
            (200, "ETag: \"a\"", 206, "", .unknown), (200, "ETag: \"a\"", 503, "", .unknown),
        ] as [(Int, String, Int, String, StoredHeadUpdate.OnHead)]
    )
    func `a HEAD confirms a stored response of five bytes, or shows that it has changed`(
        _ status: Int,
        _ stored: String,
        _ newStatus: Int,
        _ update: String,
        _ result: StoredHeadUpdate.OnHead
    ) {
        var head = ResponseHead()
        head.status = newStatus
        let fields = Heads.fields(update)
        for field in fields.fields { head.headers.add(field, from: fields) }
        let compared = StoredHeadUpdate.compare(Self.prepared(stored), status: status, length: 5, withHead: head)
        #expect(compared == result)
    }
}
