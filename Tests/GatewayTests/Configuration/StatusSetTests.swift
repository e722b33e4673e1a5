import Testing

@testable import GatewaySettings

@Suite struct StatusSetTests {
    @Test(
        arguments: [
            ("200-399", [200, 301, 399], [199, 400]),
            ("200,204", [200, 204], [201, 203]),
            ("200-299, 401", [200, 299, 401], [300, 400, 402]),
            ("503", [503], [502]),
        ] as [(String, [Int], [Int])]
    )
    func `statuses and ranges are read`(text: String, members: [Int], others: [Int]) throws {
        let set = try StatusSet(setting: .string(text))
        for status in members { #expect(set.contains(status)) }
        for status in others { #expect(!set.contains(status)) }
        #expect(set.settingValue == .string(text.filter { $0 != " " }))
    }

    @Test(arguments: ["", ",", "200,", "ok", "200-", "-200", "399-200", "2xx", "200;204", "600", "99"])
    func `other texts are errors`(text: String) {
        #expect(throws: SettingError.self) { try StatusSet(setting: .string(text)) }
    }

    @Test func `a number is an error that suggests its text`() {
        #expect(throws: SettingError("is not a set of statuses", suggestion: "write \"204\"")) {
            try StatusSet(setting: 204)
        }
    }
}
