import Testing

@testable import Gateway
@testable import GatewaySettings

struct EnvironmentVariablesTests {
    private let variables = EnvironmentVariables(values: ["A": "1", "B_2": "two", "EMPTY": "", "NESTED": "${A}"])

    @Test(
        arguments: [
            ("${A}", "1", true), ("x${A}y${B_2}z", "x1ytwoz", true), ("plain", "plain", false), ("$A $", "$A $", false),
            ("$${A}", "${A}", false), ("$$${A}", "$${A}", false), ("${C:-}", "", false), ("${C:-a:-b}", "a:-b", false),
            ("${A:-x}", "1", true), ("${EMPTY}", "", true), ("${EMPTY:-x}", "x", false), ("${NESTED}", "${A}", true),
            ("a $${A} ${A}", "a ${A} 1", true),
        ]
    )
    func `variables are replaced`(_ text: String, _ expanded: String, _ isFromEnvironment: Bool) throws {
        let result = try variables.expand(text)
        #expect(result.text == expanded)
        #expect(result.values.isEmpty == !isFromEnvironment)
    }

    @Test(arguments: ["${C}", "${", "${A", "${}", "${1A}", "${A B}", "${A-B}", "${A:x}", "${A:}", "${:-x}"])
    func `invalid and unset variables are errors`(_ text: String) {
        #expect(throws: SettingError.self) { try variables.expand(text) }
    }
}
