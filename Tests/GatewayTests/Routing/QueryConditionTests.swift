import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct QueryConditionTests {
    private func accepts(_ name: String, _ value: String, _ query: String) -> Bool {
        Array(query.utf8).withUnsafeBytes { QueryCondition(name: name, value: value).accepts($0) }
    }

    @Test(arguments: [
        ("debug", "1", "debug=1"), ("debug", "1", "a=b&debug=1&c"), ("debug", "1", "debug=0&debug=1"),
        ("debug", "*", "debug"), ("debug", "*", "debug="), ("debug", "*", "debug=x"), ("debug", "", "debug"),
        ("debug", "", "debug="), ("q", "a b", "q=a+b"), ("q", "a b", "q=a%20b"), ("q", "a+b", "q=a%2bb"),
        ("é", "ü", "%C3%A9=%c3%BC"), ("a b", "1", "a+b=1"), ("q", "a=b", "q=a=b"), ("q", "%", "q=%"),
        ("q", "%4", "q=%4"),
        ("q", "%zz", "q=%zz"), ("q", "1", "&&q=1&&"),
    ])
    func `any decoded parameter with the value matches`(name: String, value: String, query: String) {
        #expect(accepts(name, value, query))
    }

    @Test(arguments: [
        ("debug", "1", ""), ("debug", "1", "debug"), ("debug", "1", "debug=11"), ("debug", "11", "debug=1"),
        ("debug", "*", "debug2=1"), ("debug", "*", "xdebug=1"), ("debug", "*", "x=debug"), ("debug", "1", "Debug=1"),
        ("debug", "*", "=debug"), ("debug", "1", "debug=%31%00"),
    ])
    func `nothing else matches`(name: String, value: String, query: String) {
        #expect(!accepts(name, value, query))
    }
}
