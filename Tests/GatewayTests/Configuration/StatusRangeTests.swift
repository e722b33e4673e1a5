import Testing

@testable import GatewaySettings

struct StatusRangeTests {
    @Test(arguments: [("503", 503...503), ("500-599", 500...599), ("100-100", 100...100), ("200-204", 200...204)])
    func `a status or a range is read`(text: String, statuses: ClosedRange<Int>) throws {
        let range = try StatusRange(setting: .string(text))
        #expect(range.statuses == statuses)
        #expect(StatusRange(range.description) == range)
    }

    @Test(
        arguments: [
            (.string(""), "write \"500-599\" or \"503\""),
            (.string("5xx"), "write \"500-599\""),
            (.string("9XX"), "write \"500-599\" or \"503\""),
            (.string("500 - 599"), "write \"500-599\""),
            (.string("599-500"), "write \"500-599\""),
            (.string("500-600"), "write \"500\""),
            (.string("500-503-504"), "write \"500-504\""),
            (.string("99"), "write \"500-599\" or \"503\""),
            (.string("+500"), "write \"500\""),
            (.string("0500"), "write \"500\""),
            (.integer(503), "write \"503\""),
            (.integer(5), "write \"500-599\" or \"503\""),
            (.boolean(true), "write \"500-599\" or \"503\""),
        ] as [(SettingValue, String)]
    )
    func `anything else is rejected with a suggestion`(value: SettingValue, suggestion: String) {
        let error = #expect(throws: SettingError.self) { _ = try StatusRange(setting: value) }
        #expect(error?.suggestion == suggestion)
    }
}
