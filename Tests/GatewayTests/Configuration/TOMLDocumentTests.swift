import Foundation
import Gateway
import TOMLKit
import Testing

@testable import GatewaySettings

/// Compares the parser with TOMLKit, and checks its errors. TOMLKit crashes on some invalid texts, so it is given
/// only texts that the parser accepts.
struct TOMLDocumentTests {
    @Test(arguments: GoldenTests.files.filter { !$0.hasPrefix("syntax") })
    func `golden files are parsed like TOMLKit does`(_ file: String) throws {
        let text = try String(contentsOf: GoldenTests.folder.appendingPathComponent(file), encoding: .utf8)
        let toml = text.range(of: "\n----------").map { String(text[..<$0.lowerBound]) } ?? text
        try expectSame(toml)
    }

    @Test(
        arguments: [
            "a.b.c = 1\na.b.d = 2\n[a.e]\nf = 3",
            "[a]\n[a.b]\n[[a.c]]\nx = 1\n[[a.c]]\n[a.c.d]\ny = 2\n[[a.c.e]]\n[[a.c.e]]",
            "'quoted key' = 1\n\"a\\u00e9\\t\".'b.c' = 2\n\"\" = 3",
            "a = \"\"\"\n  x\\\n   y\"\"\"\nb = '''\nc'd''e'''",
            "a = \"\"\"\"quoted\"\"\"\"\"\nb = ''''x'''''",
            "a = 0xFF\nb = 0o17\nc = 0b101\nd = 1_000\ne = -1\nf = +1",
            "a = 1e3\nb = -1.5E-2\nc = inf\nd = -inf\ne = +0.0\nf = 6.02_2e23",
            "a = 2024-05-01\nb = 2024-05-01T10:00:00Z\nc = 10:00:00",
            "a = 2024-05-01 10:00:00.5+01:00 # c\nb = 1", "a = [1, [2, 3], # c\n  [\"x,]\", 'y#'],\n]",
            "a = { b = { c = [ { d = 1 } ] }, 'e' = 2 }",
            "a = {}\nb = []\nc = \"\"\nd = ''", "\u{FEFF}a = 1\r\nb = 2\r\n[c]\r\nd = \"\"\"\r\nx\r\ny\"\"\"",
            "  [ a . b ]  # x\n  c  =  1  ",
            "a = true\nb=false", "a = \"\\\"\\\\\\b\\f\\n\\r\\t\\u00E9\\U0001F600\"", "[a]\nb.c = 1\n[d]\nb.c = 2",
            "[[a]]\nb = 1\n[[a]]\nb.c = 1\n[a.b.d]\n", "2 = 1\n1.2 = 3", "a = \"\"\"x\\  \n\n  y\"\"\"",
            "-a- = 1\n_ = 2", "a = [\n\"b=1\",\n'c'\n, \"\"\"d\"=e\"\"\"]", "a = [\n[-1e5]\n, [inf]\n, [[+1.5]]\n]",
        ]
    )
    func `every form of TOML is parsed like TOMLKit does`(_ toml: String) throws {
        try expectSame(toml)
    }

    @Test(arguments: 0..<40)
    func `random documents are parsed like TOMLKit does`(_ seed: UInt64) throws {
        var generator = TOMLGenerator(seed: seed)
        for _ in 0..<25 { try expectSame(generator.document()) }
    }

    @Test(arguments: 0..<20)
    func `corrupted files do not crash`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for file in GoldenTests.files {
            let url = GoldenTests.folder.appendingPathComponent(file)
            var bytes = Array(try Data(contentsOf: url))
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<max(1, bytes.count), using: &random)
                let end = min(bytes.count, place + Int.random(in: 0...3, using: &random))
                let noise = Array(
                    ["[", "]", "{", "\"", "'", "\"\"\"", "=", ".", "\n", "\\", "#", "\0", "é", ",", "0"].randomElement(
                        using: &random
                    )?.utf8 ?? "".utf8
                )
                bytes.replaceSubrange(min(place, bytes.count)..<end, with: noise)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            if (try? TOMLDocument.read(text, file: "f")) != nil { try expectSame(text) }
            _ = try? GatewayConfiguration(text, environment: GoldenTests.environment)
        }
    }

    @Test(
        arguments: [
            "a = " + String(repeating: "[", count: 5_000), "a = " + String(repeating: "{a=", count: 5_000),
            String(repeating: "a.", count: 5_000) + "a = 1", "[" + String(repeating: "a.", count: 5_000) + "a]",
            "a = " + String(repeating: "[", count: 101) + String(repeating: "]", count: 101),
            String(repeating: "a.", count: 60) + "a = {" + String(repeating: "a.", count: 60) + "a = 1}",
        ]
    )
    func `the nesting depth is limited`(_ text: String) {
        #expect(throws: ConfigurationErrors.self) { try TOMLDocument.read(text, file: "f") }
    }

    @Test(
        arguments: [
            // Keys
            ("= 1", 1, 1), ("a", 1, 2), ("a =", 1, 4), ("a = \n1", 1, 5), ("a b = 1", 1, 3), ("a. = 1", 1, 4),
            (".a = 1", 1, 1),
            ("é = 1", 1, 1), ("\"\"\"a\"\"\" = 1", 1, 1), ("\"a\nb\" = 1", 1, 1), ("a = 1 b = 2", 1, 7),
            ("a = 1\na = 2", 2, 1),
            ("a.b = 1\na = 2", 2, 1), ("a = 1\na.b = 2", 2, 1), ("'a' = 1\n\"a\" = 2", 2, 1), ("a = {}\na.b = 1", 2, 1),
            // Tables
            ("[]", 1, 2), ("[", 1, 2), ("[a", 1, 1), ("[a]]", 1, 4), ("[[a]", 1, 1), ("[=]", 1, 2), ("[.a]", 1, 2),
            ("[a.]", 1, 4), ("[ [a]]", 1, 3),
            ("[{", 1, 2), ("[a] b = 1", 1, 5), ("[a]\n[a]", 2, 2), ("[a]\nb = 1\n[a.b]", 3, 4),
            ("[a]\nb.c = 1\n[a.b]", 3, 4), ("[[a]]\n[a]", 2, 2),
            ("[a]\n[[a]]", 2, 3), ("a = []\n[[a]]", 2, 3), ("a = [{}]\n[a.b]", 2, 2), ("a = {}\n[a.b]", 2, 2),
            ("[a.b]\n[a]\nb.c = 1", 3, 1),
            // Lists and inline tables
            ("a = [1", 1, 5), ("a = [1\nb = 2", 1, 5), ("a = [\n1,\n[b]\nc = 1", 1, 5),
            ("a = 60/minute", 1, 5), ("a = 5 per minute", 1, 5), ("a = /x\"", 1, 5), ("a = { b = 1\nc = 2", 1, 5),
            ("a = [1 2]", 1, 8), ("a = [,]", 1, 6), ("a = [}", 1, 6),
            ("a = {", 1, 6), ("a = {b}", 1, 7),
            ("a = {b = 1,}", 1, 12), ("a = {b = 1 c = 2}", 1, 12), ("a = {\nb = 1}", 1, 6),
            ("a = {b = 1, b = 2}", 1, 13), ("a = ]", 1, 5),
            // Strings
            ("a = \"", 1, 5), ("a = 'x\n'", 1, 5), ("a = \"\"\"x", 1, 5), ("a = \"\\x\"", 1, 7),
            ("a = \"\\u12\"", 1, 7), ("a = \"\\uD800\"", 1, 7),
            ("a = \"\\U00110000\"", 1, 7), ("a = \"\u{1}\"", 1, 6), ("a = '\u{7F}'", 1, 6),
            ("a = \"\"\"\\ x\"\"\"", 1, 10), ("a = \"\"\"x\"\"\"\"\"\"", 1, 9),
            ("a = \"\0\"", 1, 6), ("b = \"é\0\"", 1, 7), ("# \u{1}", 1, 3), ("a = 1\rb = 2", 1, 6),
            // Numbers and dates
            ("a = info", 1, 5), ("a = 01", 1, 5), ("a = 1_", 1, 5), ("a = _1", 1, 5), ("a = 1__0", 1, 5),
            ("a = 1.", 1, 5), ("a = .5", 1, 5), ("a = 1.e5", 1, 5),
            ("a = 0x", 1, 5), ("a = +0x1", 1, 5), ("a = 0XFF", 1, 5), ("a = 9223372036854775808", 1, 5),
            ("a = True", 1, 5), ("a = 2024-13-01", 1, 5),
            ("a = 2023-02-29", 1, 5), ("a = 24:00:00", 1, 5), ("a = 10:00", 1, 5), ("a = 2024-01-01T", 1, 5),
            ("a = 2024-01-01 x", 1, 16),
        ]
    )
    func `invalid TOML is reported with its position`(_ text: String, _ line: Int, _ column: Int) throws {
        let errors = try #require(throws: ConfigurationErrors.self) { try TOMLDocument.read(text, file: "f") }
        #expect(errors.errors.map { [$0.line, $0.column] } == [[line, column]], "\(errors)")
    }

    @Test
    func `each key and value has its position`() throws {
        let text = """
            # comment
            a = 1
            [b]
            'c' = "é"
              d.e   = 1
            "é".f = [ 1,
              "x" ]
            [[t]]
            [[ t ]]  # second
            x = \"""
            line
            \""" # end
            y = { z = 2 }
            """
        let root = try TOMLDocument.read(text, file: "f")
        func places(_ steps: SettingPath.Step...) -> [Int]? {
            var path = SettingPath()
            path.steps = steps
            guard let node = root.node(at: path), let position = node.source.position else { return nil }
            return [node.keyPosition?.line ?? 0, node.keyPosition?.column ?? 0, position.line, position.column]
        }
        #expect(places(.key("a")) == [2, 1, 2, 5])
        #expect(places(.key("b")) == [3, 2, 3, 1])
        #expect(places(.key("b"), .key("c")) == [4, 1, 4, 7])
        #expect(places(.key("b"), .key("d")) == [5, 3, 5, 3])
        #expect(places(.key("b"), .key("d"), .key("e")) == [5, 5, 5, 11])
        #expect(places(.key("b"), .key("é"), .key("f")) == [6, 5, 6, 9])
        #expect(places(.key("b"), .key("é"), .key("f"), .index(1)) == [0, 0, 7, 3])
        #expect(places(.key("t"), .index(0)) == [8, 3, 8, 1])
        #expect(places(.key("t"), .index(1)) == [9, 4, 9, 1])
        #expect(places(.key("t"), .index(1), .key("x")) == [10, 1, 10, 5])
        #expect(places(.key("t"), .index(1), .key("y"), .key("z")) == [13, 7, 13, 11])
    }

    /// Checks that both return the same keys and values.
    private func expectSame(_ text: String) throws {
        let ours = Self.comparable(try TOMLDocument.read(text, file: "f").value)
        let theirs = Self.value(try TOMLTable(string: text))
        #expect(ours == theirs, "\(text)")
    }

    /// Dates keep their spelling, which TOMLKit does not preserve.
    private static func comparable(_ value: SettingValue) -> SettingValue {
        switch value {
        case .date: .date("")
        case .number(let number) where number.isNaN: .string("nan")
        case .list(let values): .list(values.map(comparable))
        case .table(let entries): .table(entries.mapValues(comparable))
        default: value
        }
    }

    private static func value(_ table: TOMLTable) -> SettingValue {
        .table(Dictionary(uniqueKeysWithValues: table.keys.map { ($0, table[$0].map(value) ?? .table([:])) }))
    }

    private static func value(_ value: any TOMLValueConvertible) -> SettingValue {
        switch value.type {
        case .table: value.table.map { Self.value($0) } ?? .table([:])
        case .array: .list(value.array.map { $0.map(Self.value) } ?? [])
        case .string: .string(value.string ?? "")
        case .int: .integer(value.int ?? 0)
        case .double: comparable(.number(value.double ?? 0))
        case .bool: .boolean(value.bool ?? false)
        case .date, .time, .dateTime: .date("")
        }
    }
}
