import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

@Suite struct TargetURLTests {
    @Test(
        arguments: [
            ("http://api.internal.:9001", "api.internal.", 9001), ("http://api.internal.", "api.internal.", 80),
            ("http://localhost./", "localhost.", 80), ("http://api", "api", 80),
        ]
    )
    func `a name may end in a dot`(_ text: String, _ host: String, _ port: Int) {
        #expect(TargetURL(text) == .http(host: host, port: port))
    }

    @Test(arguments: ["http://.", "http://a..:80", "http://.a", "http://127.0.0.1.", "http://[::1].", "http://a.-.:80"])
    func `a lone dot, two dots, or a dot after an address is not a name`(_ text: String) {
        #expect(TargetURL(text) == nil)
    }

    @Test(
        arguments: [
            ("https://api.example.com", TargetURL.https(host: "api.example.com", port: 443)),
            ("https://[::1]:8443/", .https(host: "::1", port: 8443)), ("HTTPS://a", .https(host: "a", port: 443)),
            ("h2c://127.0.0.1:50051", .h2c(host: "127.0.0.1", port: 50051)), ("h2c://a", .h2c(host: "a", port: 80)),
        ]
    )
    func `https and h2c targets have default ports`(_ text: String, _ url: GatewaySettings.TargetURL) {
        #expect(TargetURL(text) == url)
        #expect(TargetURL(url.description) == url)
    }

    @Test(
        arguments: [
            ("https://a/x", "write \"https://a\", and put the path into the rewrite of the route"),
            ("https://u:p@a:1", "write \"https://a:1\""),
            ("https://a:99999", "write \"https://a:8443\", or another port"),
            ("h2://a:1", "write \"https://a:1\", or \"h2c://a:1\" for HTTP/2 without TLS"),
        ]
    )
    func `a suggestion keeps the scheme`(_ text: String, _ suggestion: String) {
        do throws(SettingError) {
            _ = try TargetURL.parse(text)
            Issue.record("\(text) was accepted")
        } catch {
            #expect(error.suggestion == suggestion)
        }
    }

    @Test(
        arguments: [
            ("https://a", "a", ["a", "a:443"]), ("https://a:80", "a:80", ["a:80"]),
            ("h2c://a:443", "a:443", ["a:443"]), ("http://[::1]", "[::1]", ["[::1]", "[::1]:80"]),
        ]
    )
    func `the default port of the scheme is not sent`(_ url: String, _ authority: String, _ all: [String]) throws {
        let target = UpstreamTarget(
            upstream: "api",
            TargetConfiguration(try #require(TargetURL(url))),
            permits: ConnectionPermits(limit: 1, pendingLimit: 1),
            changes: EndpointChanges()
        )
        #expect(String(decoding: target.authority, as: UTF8.self) == authority)
        #expect(target.authorities.map { String(decoding: $0, as: UTF8.self) } == all)
        #expect(PreserveHost.auto.applies(to: target) == !url.hasPrefix("https"))
        #expect(PreserveHost.always.applies(to: target))
        #expect(!PreserveHost.never.applies(to: target))
    }

    @Test func `a final dot is kept in the label, but not sent to the target`() {
        let target = UpstreamTarget(
            upstream: "api",
            TargetConfiguration(.http(host: "api.internal.", port: 9001)),
            permits: ConnectionPermits(limit: 1, pendingLimit: 1),
            changes: EndpointChanges()
        )
        #expect(target.label == "api.internal.:9001")
        #expect(String(decoding: target.authority, as: UTF8.self) == "api.internal:9001")
        #expect(target.name?.host == "api.internal.")
    }
}
