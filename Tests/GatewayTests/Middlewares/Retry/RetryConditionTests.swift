import Testing

@testable import Gateway
@testable import GatewayMiddlewares
@testable import GatewaySettings

struct RetryConditionTests {
    private static let valid: [(String, RetryCondition)] = [
        ("connect", .connect), ("reset", .reset), ("timeout", .timeout), ("503", .status(503...503)),
        ("502-504", .status(502...504)), ("400-599", .status(400...599)),
    ]

    @Test(arguments: Self.valid)
    func `words, statuses and ranges are conditions`(text: String, condition: GatewayMiddlewares.RetryCondition) throws
    {
        #expect(try RetryCondition(setting: .string(text)) == condition)
        #expect(condition.settingValue == .string(text))
    }

    private static let all = "write \"connect\", \"reset\", \"timeout\", or statuses such as \"503\" or \"502-504\""
    private static let invalid: [(SettingValue, String)] = [
        (.string("5xx"), "write \"500-599\""), (.string("conect"), "write \"connect\""),
        (.integer(503), "write \"503\""), (.string("200"), Self.all), (.string("504-502"), Self.all),
        (.string("502-"), Self.all), (.string("600"), Self.all), (.boolean(true), "write \"connect\" or \"503\""),
    ]

    @Test(arguments: Self.invalid)
    func `other values get a suggestion`(value: GatewaySettings.SettingValue, suggestion: String) {
        let error = #expect(throws: SettingError.self) { try RetryCondition(setting: value) }
        #expect(error?.suggestion == suggestion)
    }

    @Test func `statuses are matched by range`() {
        let conditions = RetryConditions([.reset, .status(429...429), .status(502...504)])
        #expect(!conditions.connect && conditions.reset && !conditions.timeout)
        let matching = (100...999).filter(conditions.contains(status:))
        #expect(matching == [429, 502, 503, 504])
        #expect(!RetryConditions([.connect]).contains(status: 503))
    }
}
