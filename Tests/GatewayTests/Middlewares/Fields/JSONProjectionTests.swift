import NIOCore
import Testing

@testable import GatewayMiddlewares

struct JSONProjectionTests {
    private static func expression(_ text: String) throws -> FieldExpression {
        var draft = FieldExpressionDraft()
        try FieldExpressionParser.read(ContiguousArray(text.utf8), into: &draft)
        return FieldExpression(draft)
    }

    /// The text that is left, or nil if it is malformed.
    private static func project(_ text: [UInt8], _ expression: String) throws -> String? {
        // A buffer that does not begin at its memory's start.
        var buffer = ByteBuffer(bytes: [0] + text)
        buffer.moveReaderIndex(forwardBy: 1)
        switch JSONProjection.project(buffer, try self.expression(expression)) {
        case .projected(let selected): return String(buffer: selected)
        case .malformed: return nil
        }
    }

    private static func project(_ text: String, _ expression: String) throws -> String? {
        try self.project(Array(text.utf8), expression)
    }

    @Test(arguments: [
        (#"{"a":1,"b":2,"c":3}"#, "a", #"{"a":1}"#), (#"{"a":1,"b":2,"c":3}"#, "b", #"{"b":2}"#),
        (#"{"a":1,"b":2,"c":3}"#, "c", #"{"c":3}"#), (#"{"a":1,"b":2,"c":3}"#, "a,c", #"{"a":1,"c":3}"#),
        (#"{"a":1,"b":2,"c":3}"#, "c,b,a", #"{"a":1,"b":2,"c":3}"#), (#"{"a":1,"b":2}"#, "missing", "{}"),
        (#"{"a":{"b":1,"c":2},"d":3}"#, "a.b", #"{"a":{"b":1}}"#),
        (#"{"a":{"b":1,"c":2}}"#, "a", #"{"a":{"b":1,"c":2}}"#),
        (#"{"a":{"b":1},"c":{"b":2}}"#, "c.b", #"{"c":{"b":2}}"#),
        (#"{"a":{"b":1},"c":2}"#, "a.x,c", #"{"a":{},"c":2}"#),
        (#"{"a":{"a":{"a":1,"b":2},"b":3},"b":4}"#, "a(a(a),b)", #"{"a":{"a":{"a":1},"b":3}}"#),
        // Arrays are selected from element by element.
        (#"[{"a":1,"b":2},{"b":3},{"b":4,"a":5}]"#, "a", #"[{"a":1},{},{"a":5}]"#),
        (#"{"i":[{"a":1,"b":2},{"a":3}]}"#, "i.a", #"{"i":[{"a":1},{"a":3}]}"#),
        (#"[[{"a":1,"b":2}],[[{"b":3}]],[]]"#, "a", #"[[{"a":1}],[[{}]],[]]"#),
        // What is neither an object nor an array stays.
        (#"{"a":5,"b":6}"#, "a.b", #"{"a":5}"#), (#"[1,"a",null,true,{"b":1}]"#, "a", #"[1,"a",null,true,{}]"#),
        (#"{"a":[1,[2],{"b":3,"c":4}]}"#, "a.b", #"{"a":[1,[2],{"b":3}]}"#), ("5", "a", "5"), (#""a""#, "a", #""a""#),
        (" null ", "a", " null "), ("{}", "a", "{}"), ("[]", "a", "[]"), ("[ ]", "a", "[ ]"),
        // Duplicates stay in their order.
        (#"{"a":1,"b":2,"a":3,"b":4}"#, "a", #"{"a":1,"a":3}"#),
        (#"{"b":2,"a":{"b":1},"a":3}"#, "a.b", #"{"a":{"b":1},"a":3}"#),
        // Names are compared by what they mean, and keep their bytes.
        (#"{"\u0061":1,"b":2}"#, "a", #"{"\u0061":1}"#), (#"{"\u00e9":1,"e\u0301":2}"#, "é", #"{"\u00e9":1}"#),
        (#"{"\ud83d\ude00":1,"\ud83d":2,"\ude00\ud83d":3,"b":4}"#, "😀", #"{"\ud83d\ude00":1}"#),
        (#"{"a.b":1,"a":{"b":2}}"#, #"a\.b"#, #"{"a.b":1}"#),
        (#"{"\"\\\/\b\f\n\r\t":1}"#, "\"\\\\/\u{8}\u{C}\n\r\t", #"{"\"\\\/\b\f\n\r\t":1}"#),
        (#"{"":1,"a":2}"#, "a", #"{"a":2}"#), (#"{"aa":1,"a":2,"aaa":3}"#, "a", #"{"a":2}"#),
        // Values keep their bytes.
        (#"{"a":1.50E+400,"b":0}"#, "a", #"{"a":1.50E+400}"#),
        (#"{"a":123456789012345678901234567890,"b":0}"#, "a", #"{"a":123456789012345678901234567890}"#),
        (#"{"a":"\u0041\/\ud800","b":"}"}"#, "a", #"{"a":"\u0041\/\ud800"}"#),
        (#"{"b":"\"a\":1,","a":2}"#, "a", #"{"a":2}"#),
        // White space.
        ("{ \"a\" : 1 , \"b\" : 2 }", "a", "{ \"a\" : 1  }"), ("{ \"a\" : 1 , \"b\" : 2 }", "b", "{ \"b\" : 2 }"),
        ("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n", "a", "{\n  \"a\": 1\n}\n"),
        ("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n", "b", "{\n  \"b\": 2\n}\n"),
        ("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n", "a,c", "{\n  \"a\": 1,\n  \"c\": 3\n}\n"),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}\n", "c", "{\n}\n"),
    ])
    func `members are selected`(_ text: String, _ expression: String, _ expected: String) throws {
        #expect(try Self.project(text, expression) == expected)
    }

    @Test(arguments: [
        "", " ", "{", "}", "[", "]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{a:1}",
        "{'a':1}",
        "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":1;\"b\":2}", "{\"a\":}", "{1:1}", "{\"a\":1}}", "{\"a\":1]", "[1}",
        "[1,]", "[,1]", "[1 2]", "[1,,2]", "[1", "[1,", "{}{}", "{} x", "1 2", "nul", "nulL", "True", "NaN",
        "-Infinity",
        "undefined", "+1", "-", "01", "-01", "1.", ".5", "1.e5", "1e", "1e+", "0x1", "1_000", "--1", "1a", "２",
        "\"", "\"a", "\"\\\"", "\"\\", "\"\\x\"", "\"\\u\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\u123", "\"a\nb\"",
        "\"a\tb\"",
        "\"\u{0}\"", "\"1234567\n\"", "\"12345678\u{1F}9\"", "/* */1", "1 // a", "{\"a\":1}\u{0}", "\u{FEFF}{}",
        "\u{A0}1",
        "[\"a\",\u{C}1]", "{\"a\":\"\\ud83d\\u\"}", "{\"x\":{\"y\":[1,{\"z\":tru}]}}", "{\"x\":[}]}", "{\"x\":{]}}",
    ])
    func `a malformed text is not changed`(_ text: String) throws {
        #expect(try Self.project(text, "a") == nil)
        // Wherever it is: kept, dropped or selected from.
        for name in ["a", "x"] where !text.isEmpty && text != " " {
            #expect(try Self.project("{\"\(name)\":\(text)}", "a") == nil)
            #expect(try Self.project("{\"a\":1,\"\(name)\":\(text),\"b\":[]}", "a(b)") == nil)
        }
    }

    @Test(
        arguments: [
            [0xFF], [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE2, 0x82],
            [0xED, 0xA0, 0x80],
            [0xE2, 0x28, 0xA1], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80],
        ] as [[UInt8]]
    )
    func `a text that is not UTF-8 is not changed`(_ bytes: [UInt8]) throws {
        for filling in ["", "1234567", "12345678"] {
            let text = Array("{\"a\":\"\(filling)".utf8) + bytes + Array("\"}".utf8)
            #expect(try Self.project(text, "a") == nil)
            #expect(try Self.project(Array(text.dropLast(2)), "a") == nil)
        }
    }

    @Test func `a special byte is seen at every place of a string`() throws {
        for length in [3, 8, 17] {
            for place in 0...length {
                let before = String(repeating: "x", count: place)
                let after = String(repeating: "y", count: length - place)
                for special in ["\\\"", "\\\\", "\\u0022", "é", "名", "😀", "\u{7F}", "!", "#", "[", "]", "^"] {
                    let text = "{\"a\":\"\(before)\(special)\(after)\",\"b\":\"\(before)\(special)\(after)\"}"
                    #expect(try Self.project(text, "a") == "{\"a\":\"\(before)\(special)\(after)\"}")
                }
                for special in ["\u{1F}", "\n", "\u{0}", "\\x", "\\"] where special != "\\" || place == length {
                    #expect(try Self.project("{\"a\":\"\(before)\(special)\(after)\"}", "a") == nil)
                }
            }
        }
    }

    @Test func `nesting is bounded only by the length`() throws {
        func nested(_ open: String, _ inner: String, _ close: String, depth: Int = 2_000) -> String {
            String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
        }
        let arrays = nested("[", "{\"a\":1,\"b\":2}", "]", depth: 100_000)
        #expect(try Self.project(arrays, "a") == nested("[", "{\"a\":1}", "]", depth: 100_000))
        let objects = "{\"x\":" + nested("{\"a\":", "1", "}") + ",\"a\":" + nested("[{\"a\":", "1", "}]") + "}"
        #expect(try Self.project(objects, "a") == "{\"a\":" + nested("[{\"a\":", "1", "}]") + "}")
        #expect(try Self.project(objects, "x.a.a,b") == "{\"x\":" + nested("{\"a\":", "1", "}") + "}")
        #expect(try Self.project(String(repeating: "[", count: 100_000), "a") == nil)
        #expect(try Self.project(nested("[", "1", "]").dropLast() + "}", "a") == nil)
    }

    @Test func `the containers that are open are remembered at every depth`() {
        var stack = JSONContainerStack()
        var random = SeededRandom(seed: 3)
        var expected: [Bool] = []
        for _ in 0..<600 {
            if Int.random(in: 0..<5, using: &random) < 3 || expected.isEmpty {
                expected.append(Bool.random(using: &random))
                stack.push(isObject: expected.last == true)
            } else {
                expected.removeLast()
                stack.pop()
            }
            #expect(stack.depth == expected.count)
            #expect(stack.isInObject == (expected.last ?? false))
        }
        while !expected.isEmpty {
            expected.removeLast()
            stack.pop()
            #expect(stack.isInObject == (expected.last ?? false))
        }
    }

    @Test(arguments: 0..<4)
    func `a random text is selected from as by the model`(_ seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        for _ in 0..<30 {
            let model = JSONModel.random(depth: 4, using: &random)
            let text = " " + model.text + "\n"
            for _ in 0..<3 {
                let (selection, expression) = JSONModel.randomSelection(depth: 3, using: &random)
                let expected = " " + model.selected(selection) + "\n"
                let selected = try Self.project(text, expression)
                #expect(selected.map { Array($0.utf8) } == Array(expected.utf8), "\(expression) of \(text)")
                // What is left is a text of which nothing else is dropped.
                #expect(try Self.project(expected, expression) == expected)
            }
            // Any end that comes too early is noticed, except that of the last white space.
            let bytes = Array(model.text.utf8)
            let cut = Int.random(in: 0..<bytes.count, using: &random)
            if bytes.first == UInt8(ascii: "{") || bytes.first == UInt8(ascii: "[") {
                #expect(try Self.project(Array(bytes[..<cut]), "a") == nil)
            }
        }
    }
}
