import GatewayCore
import GatewaySettings
import Testing

@testable import GatewayEvents

@Suite struct WebhookFilterTests {
    private func event(
        _ type: String,
        _ severity: EventSeverity = .warning,
        topic: String = "gateway",
        _ data: [String: JSONValue] = [:]
    ) -> Event {
        var ids = EventIDs()
        let event = GatewayEvent(type, severity, topic: topic, data)
        return Event(event, id: ids.next(at: 0, random: 0), time: 0, gateway: "test:1")
    }

    private func webhook(_ events: [String], _ change: (inout EventFilterConfiguration) -> Void = { _ in }) -> Webhook {
        var settings = WebhookConfiguration()
        settings.events = events
        change(&settings.filter)
        return Webhook(settings: settings, isFromFile: true)
    }

    @Test(arguments: [
        (["upstream.down"], true), (["upstream.*"], true), (["*"], true), ([], true),
        (["redis.*", "upstream.down"], true),
        (["upstream.up"], false), (["up*"], true), (["upstream"], false), (["upstream.down.*"], false),
        (["circuit.*"], false),
    ])
    func `types are exact, or end in a star`(_ patterns: [String], _ isWanted: Bool) {
        #expect(self.webhook(patterns).wants(self.event("upstream.down")) == isWanted)
    }

    @Test func `all conditions apply, each with one of its values`() {
        let webhook = self.webhook(["*"]) {
            $0.severity = [.critical, .warning]
            $0.route = ["checkout", "cart"]
        }
        #expect(webhook.wants(self.event("auth.failed", .warning, topic: "routes.cart")))
        #expect(webhook.wants(self.event("auth.failed", .critical, ["route": "checkout"])))
        #expect(!webhook.wants(self.event("auth.failed", .info, topic: "routes.cart")))
        #expect(!webhook.wants(self.event("auth.failed", .warning, topic: "routes.other")))
        #expect(!webhook.wants(self.event("gateway.started", .warning)))
    }

    @Test func `alerts and their labels, and upstreams by topic`() {
        let alert = self.event(
            "alert.firing",
            topic: "alerts",
            ["alert": "errors", "labels": ["route": "users", "upstream": "api"]]
        )
        #expect(self.webhook([]) { $0.alert = ["errors"] }.wants(alert))
        #expect(!self.webhook([]) { $0.alert = ["latency"] }.wants(alert))
        #expect(self.webhook([]) { $0.route = ["users"] }.wants(alert))
        #expect(self.webhook([]) { $0.upstream = ["api"] }.wants(alert))
        #expect(self.webhook([]) { $0.upstream = ["api"] }.wants(self.event("upstream.up", topic: "upstreams.api")))
        #expect(!self.webhook([]) { $0.upstream = ["api"] }.wants(self.event("upstream.up", topic: "upstreams.api2")))
    }
}
