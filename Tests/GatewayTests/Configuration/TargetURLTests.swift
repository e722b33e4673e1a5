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
