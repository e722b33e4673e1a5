import Testing

@testable import GatewaySettings

struct KeySourceTests {
    private static let forms: [(SettingValue, KeySource?)] = [
        ("client_ip", KeySource(.clientIP)), ("consumer", KeySource(.consumer)), ("api_key", KeySource(.apiKey)),
        ("jwt:sub", KeySource(.claim("sub"))), ("jwt:realm.roles", KeySource(.claim("realm.roles"))),
        ("jwt:a:b", KeySource(.claim("a:b"))), (["api_key", "route"], KeySource(.apiKey, .route)), ("jwt:", nil),
        ("jwt", nil), ("apikey", nil), ("header:", nil),
    ]

    @Test(arguments: 0..<11)
    func `a key is read, and written as it was read`(index: Int) {
        let (value, key) = Self.forms[index]
        let read = try? KeySource(setting: value)
        #expect(read == key)
        if let read { #expect(read.settingValue == value) }
    }

    @Test func `a key tells the credentials that it is made of`() {
        #expect(KeySource(.clientIP, .header("A")).credentials == nil)
        #expect(KeySource(.consumer).credentials == [])
        #expect(KeySource(.route, .apiKey, .claim("sub")).credentials == ["api_key", "jwt"])
    }

    @Test func `a limit is a rate, a list of rates, or the plan`() throws {
        #expect(try RequestLimit(setting: "plan") == .plan)
        #expect(RequestLimit.plan.settingValue == "plan")
        let rates = Rates(Rate(10, per: .second), Rate(60, per: .minute))
        #expect(try RequestLimit(setting: ["60/minute", "10/second"]) == .rates(rates))
        #expect(RequestLimit.rates(rates).settingValue == ["10/second", "60/minute"])
        #expect(throws: SettingError.self) { try RequestLimit(setting: "plans") }
        #expect(throws: SettingError.self) { try RequestLimit(setting: ["plan"]) }
    }
}
