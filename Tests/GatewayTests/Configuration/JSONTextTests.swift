import Foundation
import Testing

@testable import Gateway

struct JSONTextTests {
    private static let texts =
        (0..<0x20).map { String(UnicodeScalar(UInt8($0))) }
        + ["", "\"", "\\", "/", "\u{7F}", "\u{80}", "\u{2028}", "\u{202E}", "ü", "👩‍👩‍👧", "\r\n", "a\"b\\c\td"]

    @Test(arguments: texts) func `any text survives a round trip`(text: String) throws {
        for value: SettingValue in [.string(text), [.string(text)], .table([text: .string(text)])] {
            for isIndented in [false, true] {
                let json = JSONText.text(["value": value], indented: isIndented)
                #expect(!json.unicodeScalars.contains { $0.value < 0x20 && !($0 == "\n" && isIndented) })
                let read = try JSONDecoder().decode([String: SettingValue].self, from: Data(json.utf8))
                #expect(read == ["value": value])
            }
        }
    }

    private static let values: [(SettingValue, String)] = [
        (.integer(.min), "-9223372036854775808"), (.number(0.1), "0.1"), (.number(-0.0), "-0.0"),
        (.number(1e300), "1e+300"), (.number(.infinity), "\"inf\""), (.number(.nan), "\"nan\""),
        (.boolean(true), "true"), (.list([]), "[]"), (.table([:]), "{}"), (.date("2026-01-01"), "\"2026-01-01\""),
    ]

    @Test(arguments: values) func `all types of JSON are written`(value: SettingValue, expected: String) {
        #expect(JSONText.text(value) == expected)
    }

    @Test func `the keys of a table are sorted, members keep their order`() {
        let table: SettingValue = ["b": 1, "a": 2]
        #expect(JSONText.text(table) == #"{"a":2,"b":1}"#)
        #expect(JSONText.text(members: ["b": 1, "a": 2]) == #"{"b":1,"a":2}"#)
    }
}
