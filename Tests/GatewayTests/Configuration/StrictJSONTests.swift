import Foundation
import Testing

@testable import GatewaySettings

@Suite struct StrictJSONTests {
    private static func parse(_ text: String) throws(StrictJSON.Problem) -> JSONValue {
        try StrictJSON.parse(Array(text.utf8))
    }

    @Test(
        arguments: [
            ("null", .null), (" true ", true), ("false", false), ("0", 0), ("-0", 0), ("-7", -7), ("1.5", 1.5),
            ("1E2", .number(100)),
            ("9223372036854775807", .integer(.max)), ("9223372036854775808", .number(9.223372036854775808e18)),
            ("1e-400", .number(0)), (#""""#, ""), (#""a\"\\\/\b\f\n\r\tb""#, "a\"\\/\u{8}\u{c}\n\r\tb"),
            (#""\u00e9é""#, "éé"),
            (#""\ud83d\ude00""#, "😀"), ("[]", []), ("[1,[2]]", [1, [2]]), ("{}", [:]),
            (#"{"a":{"b":1},"c":[]}"#, ["a": ["b": 1], "c": []]),
            ("{\t\"a\"\r\n:1}", ["a": 1]),
        ] as [(String, JSONValue)]
    ) func `reads JSON`(_ text: String, _ value: JSONValue) throws {
        #expect(try Self.parse(text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "01", "-", "1.", ".1", "1e", "1e+", "+1", "0x1", "NaN", "Infinity", "1_0",
        "--1",
        "\"", "\"a", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u123g\"", "\"\\ud83d\"", "\"\\ud83dx\"", "\"\\ude00\"",
        "\"\\ud83d\\ud83d\"",
        "\"\t\"", "\"\u{0}\"", "'a'", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":",
        "{\"a\":1", "{\"a\":1,}",
        "{a:1}", "{1:1}", "{\"a\" 1}", "{,}", "1 2", "{}x", "/**/1", "\u{FEFF}1", "\u{A0}1",
    ]) func `refuses everything else`(_ text: String) {
        #expect(throws: StrictJSON.Problem.self) { try Self.parse(text) }
    }

    @Test(arguments: [
        #"{"a":1,"a":1}"#, #"{"a":1,"\u0061":1}"#, #"[{"x":{"a":1,"b":2,"a":3}}]"#, #"{"":1,"":2}"#,
    ]) func `refuses a name twice`(_ text: String) {
        #expect(throws: StrictJSON.Problem.duplicateName) { try Self.parse(text) }
    }

    @Test func `depth has a limit`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try Self.parse(nested(32))
        #expect(throws: StrictJSON.Problem.tooDeep) { try Self.parse(nested(40)) }
        #expect(throws: StrictJSON.Problem.tooDeep) { try Self.parse(nested(100_000)) }
    }

    @Test func `numbers have a limit`() throws {
        for text in ["1e400", "-1e400", String(repeating: "9", count: 400)] {
            #expect(throws: StrictJSON.Problem.numberOutOfRange) { try Self.parse(text) }
        }
        #expect(try Self.parse("1e308") == .number(1e308))
    }

    @Test func `text must be UTF-8`() {
        for bytes in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]] {
            #expect(throws: StrictJSON.Problem.malformed) { try StrictJSON.parse([0x22] + bytes + [0x22]) }
        }
    }
}
