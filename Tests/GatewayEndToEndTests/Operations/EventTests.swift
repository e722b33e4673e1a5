import Foundation
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayEvents
@testable import GatewaySettings

extension EndToEnd {
    /// What the gateway publishes while it runs. Each event has to be as the catalog promises.
    @Suite struct EventTests {
        private static let toml = "[[routes]]\nname = \"all\"\npath = \"/*\"\nrespond = { body = \"served\" }"

        /// Waits for an event of this type.
        private static func event(_ type: String, of gateway: RunningGateway) async throws -> GatewayEvent {
            let found = NIOLockedValueBox<GatewayEvent?>(nil)
            try await eventuallyAsync("an event \(type)") {
                let event = try? await Self.events(of: gateway).last { $0.type == type }
                found.withLockedValue { $0 = event }
                return event != nil
            }
            let event = try #require(found.withLockedValue { $0 })
            #expect(EventCatalog.deviations(of: event) == [], "\(type)")
            return event
        }

        /// All events so far.
        private static func events(of gateway: RunningGateway) async throws -> [GatewayEvent] {
            let hands = try #require(gateway.server.bus.onLoop)
            return try await hands.eventLoop.submit { hands.value.recent.map(\.event) }.get()
        }

        // MARK: The gateway and its configuration

        @Test func `a program sees the start, reloads and the end, and what it publishes itself`() async throws {
            var configuration = try GatewayConfiguration(toml: Self.toml, environment: [:])
            configuration.server.listen = [.host("127.0.0.1", port: 0)]
            configuration.admin.listen = .off
            configuration.log.access = .off
            let server = try GatewayServer(configuration)
            let subscription = server.events.subscribe()
            let config = server.events.subscribe("config")
            server.events.publish(GatewayEvent("order.placed", topic: "orders", ["number": 17]))
            let run = Task { try await server.run() }
            _ = try await server.boundAddresses()
            configuration.routes[0].methods = ["GET"]
            try await server.reload(configuration)
            configuration.routes[0].upstream = "nowhere"
            let wrong = configuration
            await #expect(throws: ConfigurationErrors.self) { try await server.reload(wrong) }
            server.shutdown()
            try await run.value
            var events: [PublishedEvent] = []
            for await event in subscription { events.append(event) }
            #expect(
                events.map(\.type) == [
                    "order.placed", "gateway.started", "config.reloaded", "config.refused", "gateway.draining",
                ]
            )
            // Topics of the program are known to streams.
            #expect(events.first?.topic == "app.orders")
            #expect(events.first?.data == ["number": 17])
            #expect(events.first?.json.contains("\"type\":\"order.placed\"") == true)
            #expect(events.map(\.id) == events.map(\.id).sorted())
            for event in events.dropFirst() { #expect(EventCatalog.deviations(of: event.event) == [], "\(event.type)") }
            #expect(events.map(\.severity) == [.info, .info, .info, .warning, .info])
            #expect(events.last?.data == ["reason": "shutdown"])
            var types: [String] = []
            for await event in config { types.append(event.type) }
            #expect(types == ["config.reloaded", "config.refused"])
            // Nothing follows.
            for await event in server.events.subscribe() { Issue.record("\(event.type) after the end") }
        }

        @Test func `subscriptions end if the gateway cannot start`() async throws {
            try await withGateway(Self.toml) { gateway in
                var configuration = try GatewayConfiguration(toml: Self.toml, environment: [:])
                configuration.server.listen = [.host("127.0.0.1", port: gateway.port)]
                configuration.admin.listen = .off
                let server = try GatewayServer(configuration)
                let subscription = server.events.subscribe()
                await #expect(throws: (any Error).self) { try await server.run() }
                for await event in subscription { Issue.record("\(event.type) without a start") }
            }
        }

        @Test func `a slow subscriber loses the oldest events and delays nobody`() async throws {
            try await withGateway(Self.toml) { gateway in
                let slow = gateway.server.events.subscribe("app.*", limit: 2)
                let fast = gateway.server.events.subscribe("app.*")
                for number in 0..<5 {
                    gateway.server.events.publish(GatewayEvent("n", topic: "app", ["number": .integer(number)]))
                }
                var iterator = fast.makeAsyncIterator()
                for number in 0..<5 { #expect(await iterator.next()?.data == ["number": .integer(number)]) }
                gateway.server.shutdown()
                _ = await gateway.run.result
                var numbers: [JSONValue?] = []
                for await event in slow { numbers.append(event.data["number"]) }
                #expect(numbers == [3, 4])
            }
        }

        @Test func `a drain on request is an event`() async throws {
            try await withGateway(Self.toml) { gateway in
                try #require(gateway.server.runtime).startDrain()
                #expect(try await Self.event("gateway.draining", of: gateway).data == ["reason": "admin"])
            }
        }

        // MARK: Upstreams

        @Test func `a target that cannot be reached is down, and up again`() async throws {
            let port = try await withUpstream(serving { _ in ok() }) { $0.port }
            let toml = """
                [upstreams.api]
                targets = ["http://127.0.0.1:\(port)"]
                [[routes]]
                path = "/*"
                upstream = "api"
                """
            try await withGateway(toml) { gateway in
                _ = try await gateway.get("/")
                let down = try await Self.event("upstream.down", of: gateway)
                #expect(down.topic == "upstreams.api")
                #expect(down.data["target"] == .string("127.0.0.1:\(port)"))
                #expect(down.data["reason"] == "refused")
                try await withUpstream(at: SocketAddress(ipAddress: "127.0.0.1", port: port), serving { _ in ok() }) {
                    _ in
                    let up = try await Self.event("upstream.up", of: gateway)
                    #expect(up.data["upstream"] == "api")
                }
            }
        }

        @Test func `a circuit opens, is half open, and closes`() async throws {
            let answers = AnswerSwitch(status(503))
            let settings = "circuit_breaker = { failures = 1, open_for = \"100ms\" }"
            try await withProxy(answers.script, upstream: settings) { gateway, _ in
                _ = try await gateway.get("/")
                let opened = try await Self.event("circuit.opened", of: gateway)
                #expect(opened.data["reason"] == "status 503")
                #expect(opened.data["failures"] == 1)
                _ = try await Self.event("circuit.half_open", of: gateway)
                answers.answer = ok()
                try await eventuallyAsync("the circuit is closed") {
                    _ = try? await gateway.get("/")
                    return (try? await Self.events(of: gateway).contains { $0.type == "circuit.closed" }) ?? false
                }
                _ = try await Self.event("circuit.closed", of: gateway)
            }
        }

        // MARK: Routes

        @Test func `clients over the limit are one event`() async throws {
            let toml = Self.toml + "\nrate_limit = { limit = \"1/hour\" }"
            try await withGateway(toml, workers: 2) { gateway in
                for _ in 0..<4 { _ = try await gateway.get("/") }
                let event = try await Self.event("rate_limit.exceeded", of: gateway)
                #expect(event.topic == "routes.all")
                #expect(event.data == ["route": "all", "address": "127.0.0.1", "count": 1])
                #expect(try await Self.events(of: gateway).count { $0.type == event.type } == 1)
            }
        }

        @Test func `wrong credentials are an event`() async throws {
            let toml = """
                \(Self.toml)
                auth.any = ["basic"]
                [auth.basic.users]
                ann = "$2y$04$jZ9TyE.Vo80JId/xauRzX.GQ3u6ZVnvhM64e89fr1BoZSkzNdeRVe"
                """
            try await withGateway(toml) { gateway in
                _ = try await gateway.get("/")
                _ = try await gateway.get("/", "Authorization: Basic YW5uOndyb25n")
                let event = try await Self.event("auth.failed", of: gateway)
                #expect(event.topic == "routes.all")
                #expect(event.data == ["route": "all", "address": "127.0.0.1", "count": 1])
            }
        }

        @Test func `a violation of the content security policy is an event of the page's route`() async throws {
            let toml = """
                [[routes]]
                name = "shop"
                path = "/shop/*"
                respond = { body = "shop" }
                security_headers = { preset = "web" }
                \(Self.toml)
                """
            try await withGateway(toml) { gateway in
                for (page, directive) in [
                    ("https://a.example/shop/cart?token=1", "img-src"), ("https://a.example/shop/cart", "img-src"),
                    ("https://a.example/", "script-src"), ("about", "made-up"),
                ] {
                    let report =
                        "{\"csp-report\":{\"document-uri\":\"\(page)\",\"effective-directive\":\"\(directive)\"}}"
                    let answer = try await gateway.exchange(
                        "POST /.gateway/csp-reports HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/csp-report\r\n"
                            + "Content-Length: \(report.utf8.count)\r\n\r\n\(report)"
                    )
                    #expect(answer.status == 204)
                }
                let events = try await Self.events(of: gateway).filter { $0.type == "csp.violation" }
                #expect(events.map(\.topic) == ["routes.shop", "routes.all", "routes.all"])
                #expect(
                    events.map(\.data) == [
                        ["route": "shop", "directive": "img-src", "count": 1],
                        ["route": "all", "directive": "script-src", "count": 1],
                        ["route": "all", "directive": "_OTHER", "count": 1],
                    ]
                )
                #expect(events.flatMap(EventCatalog.deviations) == [])
            }
        }
    }
}
