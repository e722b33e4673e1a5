import Testing

@testable import GatewayMiddlewares

struct FieldExpressionParserTests {
    /// What an expression asks for, in one form: with parentheses, and names in the order of their bytes.
    static func normal(_ expressions: String...) throws -> String {
        var draft = FieldExpressionDraft()
        for text in expressions { try FieldExpressionParser.read(ContiguousArray(text.utf8), into: &draft) }
        return self.text(of: FieldExpression(draft), at: FieldExpression.root)
    }

    private static func text(of expression: FieldExpression, at node: Int) -> String {
        expression.nodes[node].children.map { child in
            let name = String(decoding: expression.names[expression.nodes[child].name], as: UTF8.self)
            let inner = self.text(of: expression, at: child)
            #expect(expression.nodes[child].parent == node)
            #expect(inner.isEmpty == expression.nodes[child].isWhole)
            return inner.isEmpty ? name : "\(name)(\(inner))"
        }.sorted().joined(separator: ",")
    }

    @Test(arguments: [
        ("a", "a"), ("a,b", "a,b"), ("b,a,b", "a,b"), ("a.b", "a(b)"), ("a.b.c", "a(b(c))"), ("a(b,c)", "a(b,c)"),
        ("a.b,a.c", "a(b,c)"), ("a(b(c,d),e),f", "a(b(c,d),e),f"), ("a.b(c.d,e)", "a(b(c(d),e))"),
        ("a,a.b", "a"), ("a.b,a", "a"), ("a(b),a", "a"), ("a(b,b.c)", "a(b)"), ("a(b.c),a.b", "a(b)"),
        ("title,author.name,items(id,price)", "author(name),items(id,price),title"),
        ("", ""), ("  ", ""), (" a , b ", "a,b"), ("a ( b , c ) , d", "a(b,c),d"), ("a . b", "a(b)"),
        ("first name", "first name"), ("größe,名.前", "größe,名(前)"), ("a-b,a_b,$ref,@id,*", "$ref,*,@id,a-b,a_b"),
        ("a\\.b", "a.b"), ("a\\,b\\(\\)", "a,b()"), ("\\\\", "\\"), ("\\a", "a"), ("\\ a\\ ", " a "),
    ])
    func `an expression is a tree of names`(_ text: String, _ expected: String) throws {
        #expect(try Self.normal(text) == expected)
    }

    @Test func `several expressions ask for what each of them asks for`() throws {
        #expect(try Self.normal("a.b", "", "a.c,d") == "a(b,c),d")
        #expect(try Self.normal("a.b", "a") == "a")
    }

    @Test(
        arguments: [
            (",", 1, .noName), ("a,", 3, .noName), ("a,,b", 3, .noName), (",a", 1, .noName), (".a", 1, .noName),
            ("a.", 3, .noName), ("a..b", 3, .noName), ("a.,b", 3, .noName), ("()", 1, .noName), ("(a)", 1, .noName),
            ("a()", 3, .noName), ("a(,b)", 3, .noName), ("a(b,)", 5, .noName), ("a.(b)", 3, .noName),
            ("a, ,b", 4, .noName),
            ("a(", 3, .noName), ("a(b", 4, .unclosed), ("a(b(c)", 7, .unclosed), (")", 1, .noName),
            ("a)", 2, .unopened),
            ("a(b))", 5, .unopened), ("a(b)c", 5, .afterGroup), ("a(b).c", 5, .afterGroup), ("a(b)(c)", 5, .afterGroup),
            ("a\\", 2, .endsWithBackslash), ("größe,,", 7, .noName), ("😀)", 2, .unopened),
        ] as [(String, Int, FieldExpressionParser.Mistake.Reason)]
    )
    func `a mistake has a position in characters`(
        _ text: String,
        _ position: Int,
        _ reason: FieldExpressionParser.Mistake.Reason
    ) {
        #expect(throws: FieldExpressionParser.Mistake(reason: reason, position: position)) { try Self.normal(text) }
    }

    @Test func `names, depth and length are limited`() throws {
        let names = (1...257).map { "n\($0)" }
        #expect(try Self.normal(names.dropLast().joined(separator: ",")).split(separator: ",").count == 256)
        #expect(throws: FieldExpressionParser.Mistake(reason: .tooManyNames, position: 1173)) {
            try Self.normal(names.joined(separator: ","))
        }
        let path = Array(repeating: "a", count: 33)
        #expect(try Self.normal(path.dropLast().joined(separator: ".")).count == 32 + 31 * 2)
        #expect(throws: FieldExpressionParser.Mistake(reason: .tooDeep, position: 65)) {
            try Self.normal(path.joined(separator: "."))
        }
        #expect(throws: FieldExpressionParser.Mistake(reason: .tooDeep, position: 65)) {
            try Self.normal(path.joined(separator: "("))
        }
        #expect(try Self.normal(String(repeating: "a", count: 4096)).count == 4096)
        #expect(throws: FieldExpressionParser.Mistake(reason: .tooLong, position: 4097)) {
            try Self.normal(String(repeating: "a", count: 4097))
        }
    }

    @Test func `a name is found among many, and only the whole name`() throws {
        var draft = FieldExpressionDraft()
        // Of all lengths, and several of each.
        let names = (1...120).flatMap { [String(repeating: "x", count: $0), String(repeating: "y", count: $0)] }
        let text = names.joined(separator: ",")
        try FieldExpressionParser.read(ContiguousArray(text.utf8.prefix(4000)), into: &draft)
        let expression = FieldExpression(draft)
        func finds(_ name: String) -> Bool {
            expression.withView { view in
                Array(name.utf8).withUnsafeBytes { view.child(of: FieldExpression.root, named: $0) != nil }
            }
        }
        for length in 1...50 {
            let name = String(repeating: "x", count: length)
            #expect(finds(name))
            #expect(!finds(name.dropLast() + "z"))
            #expect(!finds("z" + name.dropFirst()))
        }
        #expect(!finds(""))
        #expect(!finds(String(repeating: "x", count: 5000)))
    }
}
