import Testing

@testable import GatewayCore

@Suite struct ConsumerTests {
    @Test func `what the configuration says about a consumer counts more than other credentials of its name`() {
        let consumers = Consumers()
        let consumer = consumers.consumer("acme", isNamed: true)
        consumers.setNames(["acme"], of: "api_key")
        _ = Caller(consumer, kind: "api_key", plan: "gold", scope: ["read"], isConfigured: true)
        _ = Caller(consumer, kind: "forward")
        #expect(consumer.current.plan == "gold" && consumer.current.scope == ["read"])
        consumers.setNames([], of: "api_key")
        _ = Caller(consumer, kind: "forward", plan: "silver")
        #expect(consumer.current.plan == "silver" && consumer.current.scope.isEmpty)
    }

    @Test func `further consumers that are only seen share one object`() {
        let consumers = Consumers()
        for number in 0..<Consumers.mostSeen { _ = consumers.consumer("\(number)") }
        #expect(consumers.consumer("another") === consumers.consumer("yet another"))
        #expect(consumers.consumer("another").name == Consumers.others)
        #expect(consumers.consumer("17").name == "17")
        #expect(consumers.consumer("named", isNamed: true).name == "named")
    }
}
