import GatewayCore
import GatewaySettings
import NIOCore
import Testing

@testable import GatewayEvents

@Suite struct WebhookDispatcherTests {
    @Test func `each webhook gets the events that it wants, in order`() async throws {
        let fixture = try await DispatcherFixture.start(webhooks: ["all", "some"]) { configuration in
            configuration.webhooks[1].events = ["b"]
        }
        for _ in 0..<50 { fixture.publish("a", "b") }
        try await fixture.eventually("all") { $0.receivers.tries.count == 150 }
        #expect(try await fixture.sent(to: "some") == Array(repeating: "b", count: 50))
        #expect(try await fixture.sent(to: "all") == (0..<50).flatMap { _ in ["a", "b"] })
        try await fixture.eventuallyQuiet()
        let reports = try await fixture.registry.deliveries(of: "some", status: .delivered, before: nil, limit: 100)
        #expect(reports.count == 50)
        #expect(reports.allSatisfy { $0.attempts.map(\.status) == [200] && $0.nextAttempt == nil })
        await fixture.stop()
    }

    @Test func `one that hangs keeps nothing from the others`() async throws {
        let fixture = try await DispatcherFixture.start(webhooks: ["hangs", "works"]) { _ in
        } receivers: {
            $0.answer = { $0.webhook == "hangs" ? nil : 200 }
        }
        for _ in 0..<100 { fixture.publish("a") }
        try await fixture.eventually("those that work") { parts in
            parts.receivers.tries.count { $0.webhook == "works" } == 100
        }
        #expect(try await fixture.sent(to: "hangs").count == 1)
        #expect(await fixture.registry.status(of: "hangs")?.pending == 100)
        try await fixture.on { $0.receivers.answer = { _ in 200 } }
        try await fixture.on { $0.receivers.release() }
        try await fixture.eventually("the rest") { parts in
            parts.receivers.tries.count { $0.webhook == "hangs" } == 100
        }
        await fixture.stop()
    }

    @Test func `what was not delivered is sent by the next process, with the same ID`() async throws {
        let files = try StoreFixture()
        let first = try await DispatcherFixture.start(path: files.path) { _ in
        } receivers: {
            $0.answer = { _ in nil }
        }
        first.publish("a", "b", "c")
        try await first.eventually("stored") {
            $0.dispatcher.entries["ops"]?.lane.pending == 3 && !$0.receivers.tries.isEmpty
        }
        let id = try await first.on { $0.receivers.tries[0].id }
        await first.stop()
        let second = try await DispatcherFixture.start(path: files.path)
        try await second.eventually("delivered") { $0.receivers.tries.count == 3 }
        #expect(try await second.sent(to: "ops") == ["a", "b", "c"])
        #expect(try await second.on { $0.receivers.tries[0].id } == id)
        await second.stop()
    }

    @Test func `a handover leaves sending to the successor`() async throws {
        let files = try StoreFixture()
        let old = try await DispatcherFixture.start(path: files.path)
        old.publish("a")
        try await old.eventually("delivered") { $0.receivers.tries.count == 1 }
        let new = try await DispatcherFixture.start(path: files.path)
        new.publish("b")
        // The old process sends it, once it notices it.
        try await old.eventually("b") { $0.receivers.tries.count == 2 }
        #expect(try await new.sent(to: "ops").isEmpty)
        await old.registry.handOver()
        // It still has events, such as that it handed over.
        old.publish("c")
        try await new.eventually("delivered") { $0.receivers.tries.count == 1 }
        new.publish("d")
        try await new.eventually("d") { $0.receivers.tries.count == 2 }
        #expect(try await new.sent(to: "ops") == ["c", "d"])
        #expect(try await old.sent(to: "ops") == ["a", "b"])
        await old.stop()
        await new.stop()
    }

    @Test func `410 disables a webhook, says so, and enabling sends what waits`() async throws {
        let files = try StoreFixture()
        let fixture = try await DispatcherFixture.start(path: files.path, webhooks: ["gone", "other"]) { _ in
        } receivers: {
            $0.answer = { $0.webhook == "gone" ? 410 : 200 }
        }
        fixture.publish("a")
        try await fixture.eventually("told") { $0.receivers.tries.contains { $0.type == "webhook.disabled" } }
        #expect(fixture.registry.meters.disabled == [.init(webhook: "gone", reason: "gone")])
        fixture.publish("b")
        try await fixture.eventually("b") { $0.receivers.tries.contains { $0.type == "b" } }
        #expect(try await fixture.sent(to: "gone") == ["a"])
        try await fixture.eventuallyQuiet()
        await fixture.stop()
        // The next process knows.
        let next = try await DispatcherFixture.start(path: files.path, webhooks: ["gone", "other"])
        try await next.eventually("read") { $0.dispatcher.isRead }
        #expect(await next.registry.webhook("gone")?.isEnabled == false)
        await next.registry.enable("gone")
        try await next.eventually("delivered") { $0.receivers.tries.map(\.type) == ["a"] }
        #expect(next.registry.meters.disabled.isEmpty)
        await next.stop()
    }

    @Test func `webhooks made through the API survive, with their secrets`() async throws {
        let files = try StoreFixture()
        var settings = WebhookConfiguration()
        settings.id = "made"
        settings.url = try #require(ServiceURL("https://hooks.example/a?b=c"))
        settings.secret = WebhookSecrets(["whsec_AAAA"])
        settings.events = ["a"]
        settings.filter.severity = [.critical, .info]
        settings.headers = ["X-A": "b"]
        settings.timeout = .milliseconds(1500)
        var webhook = Webhook(settings: settings, isFromFile: false)
        webhook.formerSecret = .init(secret: "whsec_BBBB", until: 5)
        let first = try await DispatcherFixture.start(path: files.path, webhooks: [])
        try await first.registry.put(webhook)
        await first.registry.disable("made")
        await first.stop()
        let second = try await DispatcherFixture.start(path: files.path, webhooks: [])
        try await second.eventually("read") { $0.dispatcher.isRead }
        webhook.isEnabled = false
        #expect(await second.registry.all() == [webhook])
        await second.registry.enable("made")
        second.publish("a", "b")
        try await second.eventually("delivered") { $0.receivers.tries.map(\.type) == ["a"] }
        try await second.eventuallyQuiet()
        try await second.registry.delete("made")
        #expect(await second.registry.all().isEmpty)
        #expect(try await second.registry.deliveries(of: "made", status: nil, before: nil, limit: 9).isEmpty)
        await second.stop()
    }

    @Test func `a delivery is sent again on request`() async throws {
        let fixture = try await DispatcherFixture.start()
        fixture.publish("a", "b")
        try await fixture.eventually("delivered") { $0.receivers.tries.count == 2 }
        try await fixture.eventuallyQuiet()
        let all = try await fixture.registry.deliveries(of: "ops", status: nil, before: nil, limit: 10)
        #expect(all.map(\.type) == ["b", "a"])
        let page = try await fixture.registry.deliveries(of: "ops", status: nil, before: all[0].key, limit: 10)
        #expect(page.map(\.type) == ["a"])
        #expect(await fixture.registry.redeliver(all[1].id, to: "ops"))
        try await fixture.eventually("again") { $0.receivers.tries.map(\.type) == ["a", "b", "a"] }
        #expect(try await fixture.on { $0.receivers.tries[2].id } == all[1].id)
        #expect(await !fixture.registry.redeliver("msg_nothing", to: "ops"))
        #expect(await !fixture.registry.redeliver(all[1].id, to: "other"))
        await fixture.stop()
    }

    @Test func `a webhook that leaves the configuration keeps its deliveries until it is back`() async throws {
        let fixture = try await DispatcherFixture.start { _ in
        } receivers: {
            $0.answer = { _ in nil }
        }
        fixture.publish("a", "b")
        try await fixture.eventually("stored") { $0.dispatcher.entries["ops"]?.lane.pending == 2 }
        let configuration = try await fixture.on { $0.dispatcher.configuration }
        try await fixture.on { $0.dispatcher.apply(EventsConfiguration()) }
        try await fixture.on { $0.receivers.release() }
        fixture.publish("c")
        #expect(await fixture.registry.all().isEmpty)
        try await fixture.on { $0.receivers.answer = { _ in 200 } }
        try await fixture.on { $0.dispatcher.apply(configuration) }
        try await fixture.eventually("sent") { $0.receivers.tries.contains { $0.type == "b" } }
        #expect(try await !fixture.sent(to: "ops").contains("c"))
        await fixture.stop()
    }

    @Test func `without room in the store events are delivered from memory`() async throws {
        let files = try StoreFixture()
        let fixture = try await DispatcherFixture.start(path: files.path)
        fixture.publish("a")
        try await fixture.eventually("delivered") { $0.receivers.tries.count == 1 }
        try await fixture.eventuallyQuiet()
        try await fixture.store.run { connection throws(SQLiteError) in
            let pages = try connection.first("PRAGMA page_count") { $0.integer(0) } ?? 0
            try connection.script("PRAGMA max_page_count = \(pages)")
        }
        let types = (0..<500).map { "event.\($0)" }
        for type in types { fixture.publish(type) }
        try await fixture.eventually("delivered") { $0.receivers.tries.count >= 501 }
        #expect(fixture.store.condition.problem?.kind == .full)
        #expect(Set(try await fixture.sent(to: "ops")) == Set(types + ["a"]))
        await fixture.stop()
    }

    @Test func `over the limit the oldest fail, and can be sent again`() async throws {
        let fixture = try await DispatcherFixture.start { _ in
        } receivers: {
            $0.answer = { _ in nil }
        }
        try await fixture.on { $0.dispatcher.pendingLimit = 20 }
        for number in 0..<50 { fixture.publish("event.\(number)") }
        try await fixture.eventually("failed") {
            $0.dispatcher.entries["ops"]?.lane.pending == 20 && $0.dispatcher.outbox.isIdle
        }
        let failed = try await fixture.registry.deliveries(of: "ops", status: .failed, before: nil, limit: 100)
        #expect(failed.map(\.type) == (0..<30).reversed().map { "event.\($0)" })
        #expect(failed[0].attempts.last?.error == Outbox.overflow)
        #expect(fixture.registry.meters.count(.failed, of: "ops") == 30)
        try await fixture.on { $0.receivers.answer = { _ in 200 } }
        try await fixture.on { $0.receivers.release() }
        try await fixture.eventuallyQuiet()
        #expect(await fixture.registry.status(of: "ops")?.pending == 0)
        #expect(try await fixture.sent(to: "ops").suffix(20) == (30..<50).map { "event.\($0)" })
        await fixture.stop()
    }

    @Test func `two thousand that wait are sent in order`() async throws {
        let files = try StoreFixture()
        let first = try await DispatcherFixture.start(path: files.path) { _ in
        } receivers: {
            $0.answer = { _ in nil }
        }
        let types = (0..<2000).map { "event.\($0)" }
        for type in types { first.publish(type) }
        try await first.eventually("stored") { $0.dispatcher.entries["ops"]?.lane.pending == 2000 }
        await first.stop()
        let second = try await DispatcherFixture.start(path: files.path)
        try await second.eventually("sent") { $0.receivers.tries.count == 2000 }
        #expect(try await second.sent(to: "ops") == types)
        await second.stop()
    }
}
