import Testing

@testable import GatewayEvents

@Suite struct EventTopicsTests {
    @Test(arguments: [
        (["global"], ["gateway", "config", "alerts", "upstreams.api", "routes.users", "app", "app.orders"]),
        (["upstreams.*"], ["upstreams.api"]),
        (["upstreams.api", "config"], ["upstreams.api", "config"]),
        (["gateway.*"], ["gateway"]),
        (["metrics.*"], ["metrics.route", "metrics.system"]),
        (["metrics.route"], ["metrics.route"]),
        (["app.*"], ["app", "app.orders"]),
        ([], []),
    ])
    func `a subscription contains its topics and no others`(names: [String], wanted: [String]) {
        let topics = EventTopics(names)
        for topic in [
            "gateway", "config", "alerts", "upstreams.api", "routes.users", "app", "app.orders", "metrics.route",
            "metrics.system",
        ] {
            #expect(topics.contains(topic) == wanted.contains(topic), "\(topic)")
            // What somebody listens to is at least what is wanted.
            if wanted.contains(topic) { #expect(!topics.heard.isDisjoint(with: EventTopic.Heard(topic)), "\(topic)") }
        }
        #expect(topics.names == names)
    }

    @Test func `a topic is removed as it was subscribed to`() {
        var topics = EventTopics(["global", "upstreams.*", "upstreams.api", "upstreams.*"])
        #expect(topics.names == ["global", "upstreams.*", "upstreams.api"])
        topics.remove("global")
        topics.remove("upstreams.*")
        topics.remove("config")
        #expect(topics.names == ["upstreams.api"])
        #expect(topics.contains("upstreams.api") && !topics.contains("upstreams.b") && !topics.contains("config"))
    }

    @Test(arguments: [
        "global", "upstreams.api", "upstreams.*", "routes.a.b", "routes.*", "config", "config.*", "gateway",
        "gateway.*",
        "alerts", "metrics.route", "metrics.upstream", "metrics.system", "metrics.*", "app", "app.x", "app.*",
    ])
    func `topics are known`(name: String) {
        #expect(EventTopics.problem(of: name) == nil)
    }

    @Test(arguments: [
        "", "*", ".", "global.*", "upstream.api", "upstreams", "upstreams.", "routes", "config.x", "gateway.x",
        "alerts.x",
        "metrics", "metrics.", "metrics.cpu", "nonsense", "nonsense.*", "app.", "Upstreams.api",
        "routes." + String(repeating: "x", count: 250),
    ])
    func `others are no topics`(name: String) {
        #expect(EventTopics.problem(of: name) != nil)
    }

    @Test func `a problem tells what to write`() {
        #expect(EventTopics.problem(of: "upstreams") == "\"upstreams\" is no topic; write upstreams.NAME")
        #expect(
            EventTopics.problem(of: "x")
                == "\"x\" is no topic; write global, upstreams.NAME, routes.NAME, config, gateway, alerts, metrics.KIND or app.NAME"
        )
    }
}
