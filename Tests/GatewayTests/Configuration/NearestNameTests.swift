import Testing

@testable import Gateway
@testable import GatewaySettings

struct NearestNameTests {
    @Test(
        arguments: [
            ("listne", "listen"), ("lisen", "listen"), ("Listen", "listen"), ("trusted_proxy", "trusted_proxies"),
            ("worker", "workers"), ("l", nil), ("", nil), ("colour", nil), ("work", "workers"),
            (String(repeating: "listen", count: 100), nil),
        ]
    )
    func `the most similar name is found`(_ written: String, _ meant: String?) {
        #expect(NearestName.of(written, among: ["listen", "workers", "trusted_proxies"]) == meant)
    }

    @Test(
        arguments: [
            ("keepAlive", "keep_alive"), ("maxTTL", "max_ttl"), ("setHTTPHeader", "set_http_header"),
            ("ipv6Prefix", "ipv6_prefix"),
            ("plain", "plain"), ("snake_case", "snake_case"), ("x", "x"), ("", ""), ("URL", "url"),
        ]
    )
    func `property names are converted to keys`(_ name: String, _ key: String) {
        #expect(SettingKey.snakeCase(name) == key)
    }
}
