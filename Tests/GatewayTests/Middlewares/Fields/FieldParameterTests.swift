import Testing

@testable import GatewayMiddlewares

struct FieldParameterTests {
    private static func take(_ query: String, _ name: String = "fields") -> FieldParameter.OnQuery {
        Array(query.utf8).withUnsafeBytes { FieldParameter(name).take(from: $0) }
    }

    private static func expression(_ text: String) throws -> FieldExpression {
        var draft = FieldExpressionDraft()
        try FieldExpressionParser.read(ContiguousArray(text.utf8), into: &draft)
        return FieldExpression(draft)
    }

    @Test(arguments: [
        ("fields=a", "a", ""), ("x=1&fields=a&y=2", "a", "x=1&y=2"), ("fields=a&x=1", "a", "x=1"),
        ("x=1&fields=a", "a", "x=1"), ("fields=a,b.c,d(e)", "a,b.c,d(e)", ""),
        // The rest stays as it is written.
        ("x=%41+b&&fields=a&=&y", "a", "x=%41+b&&=&y"), ("fields=a&", "a", ""), ("&fields=a", "a", ""),
        ("&&fields=a", "a", "&"),
        // Several ask for everything that one of them asks for.
        ("fields=a&x=1&fields=b", "a,b", "x=1"), ("fields=&fields=b", "b", ""),
        // Any spelling of the name, and of the expression.
        ("f%69el%64s=a", "a", ""), ("%66%69%65%6C%64%73=a", "a", ""),
        ("fields=items%28id%2Cprice%29", "items(id,price)", ""), ("fields=a%5C.b", "a\\.b", ""),
        ("fields=a%2Eb", "a.b", ""), ("fields=first+name,%20b", "first name,b", ""), ("fields=a%2Bb", "a+b", ""),
        ("fields=gr%C3%B6%C3%9Fe", "größe", ""), ("fields=100%,%4", "100%,%4", ""), ("fields=a=b", "a=b", ""),
        ("fields=%00", "\0", ""),
    ])
    func `the parameter is taken out of the query`(_ query: String, _ expected: String, _ rest: String) throws {
        #expect(try Self.take(query) == .taken(Self.expression(expected), rest: Array(rest.utf8)))
    }

    @Test(arguments: ["fields=", "fields", "fields=+%20", "fields&fields="])
    func `an empty expression asks for everything`(_ query: String) {
        #expect(Self.take(query) == .taken(nil, rest: []))
        #expect(Self.take("x=1&" + query) == .taken(nil, rest: Array("x=1".utf8)))
    }

    @Test(arguments: [
        "", "x=fields", "x", "FIELDS=a", "Fields=a", "fields[]=a", "fields%5B%5D=a", "field=a", "fieldss=a",
        "xfields=a", "fields%=a", "fields%3Da", "fields;=a", "=fields", "x=1;fields=a", "fields%00=a", "+fields=a",
    ])
    func `other parameters stay`(_ query: String) { #expect(Self.take(query) == .absent) }

    @Test func `the parameter may have another name`() throws {
        #expect(
            try Self.take("only+these=a&fields=b", "only these")
                == .taken(Self.expression("a"), rest: Array("fields=b".utf8))
        )
        #expect(try Self.take("%24select=a", "$select") == .taken(Self.expression("a"), rest: []))
    }

    @Test(arguments: [("fields=a,,b", 3), ("x=1&fields=a%2C%2Cb", 3), ("fields=a&fields=)", 1), ("fields=%C3%B6)", 2)])
    func `a mistake has its position in the decoded expression`(_ query: String, _ position: Int) {
        guard case .malformed(let mistake) = Self.take(query) else {
            Issue.record("\(query) is not malformed")
            return
        }
        #expect(mistake.position == position)
    }
}
