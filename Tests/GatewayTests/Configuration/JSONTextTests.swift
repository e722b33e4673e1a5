import Foundation
import Testing

@testable import GatewaySettings

struct JSONTextTests {
    private static let texts =
        (0..<0x20).map { String(UnicodeScalar(UInt8($0))) }
        + ["", "\"", "\\", "/", "\u{7F}", "\u{80}", "\u{2028}", "\u{202E}", "ü", "👩‍👩‍👧", "\r\n", "a\"b\\c\td"]

    @Test(arguments: texts) func `any text survives a round trip`(text: String) throws {
        for value: JSONValue in [.string(text), [.string(text)], .sorted([text: .string(text)])] {
            for isIndented in [false, true] {
                let json = JSONText.text(["value": value], indented: isIndented)
                #expect(!json.unicodeScalars.contains { $0.value < 0x20 && !($0 == "\n" && isIndented) })
                let read = try JSONDecoder().decode([String: SettingValue].self, from: Data(json.utf8))
                #expect(read.mapValues { JSONValue($0) } == ["value": value])
            }
        }
    }

    private static let values: [(JSONValue, String)] = [
        (.integer(.min), "-9223372036854775808"), (.number(0.1), "0.1"), (.number(-0.0), "-0.0"),
        (.number(1e300), "1e+300"), (.number(.infinity), "\"inf\""), (.number(.nan), "\"nan\""),
        (.boolean(true), "true"), (.array([]), "[]"), (.object([]), "{}"), (.null, "null"),
        (JSONValue(SettingValue.date("2026-01-01")), "\"2026-01-01\""),
    ]

    @Test(arguments: values) func `all types of JSON are written`(value: JSONValue, expected: String) {
        #expect(JSONText.text(value) == expected)
    }

    @Test func `the keys of a table are sorted, members keep their order`() {
        let table: SettingValue = ["b": 1, "a": 2]
        #expect(JSONText.text(JSONValue(table)) == #"{"a":2,"b":1}"#)
        #expect(JSONText.text(["b": 1, "a": 2]) == #"{"b":1,"a":2}"#)
    }
}
