import Gateway
import Testing

@testable import GatewaySettings

extension EndToEnd {
    /// Alerts about real requests.
    @Suite struct AlertTests {
        private static let toml = """
            [events]
            evaluate = "100ms"
            [[alerts]]
            name = "errors"
            when = "error_rate{route='demo'} > 30%"
            window = "10s"
            severity = "critical"
            message = "{route}: {value} of requests fail"
            [upstreams.demo]
            builtin = "demo"
            [[routes]]
            name = "demo"
            path = "/*"
            upstream = "demo"
            """

        private static let admin = AdminListen.address(.host("127.0.0.1", port: 0))

        /// The JSON text of an admin endpoint, without blanks.
        private static func text(_ line: String, body: String = "", _ gateway: RunningGateway) async throws -> String {
            try await gateway.admin(line, body: body).text.filter { !$0.isWhitespace }
        }

        private static func alerts(_ gateway: RunningGateway) async throws -> String {
            try await self.text("GET /alerts", gateway)
        }

        @Test func `an upstream that fails fires an alert, which is resolved afterwards`() async throws {
            try await withGateway(Self.toml, admin: Self.admin) { gateway in
                #expect(try await Self.alerts(gateway).contains(#""name":"errors","labels":{"#))
                #expect(try await Self.alerts(gateway).contains(#""state":"no_data","value":null"#))
                try await eventuallyAsync("the alert fires") {
                    for _ in 0..<10 { _ = try? await gateway.get("/flaky/90") }
                    return (try? await Self.alerts(gateway).contains(#""labels":{"route":"demo"},"state":"firing""#))
                        ?? false
                }
                let metrics = try await gateway.admin("GET /metrics").text
                #expect(metrics.contains(#"gateway_alerts_firing{alert="errors",severity="critical"} 1"#))
                try await eventuallyAsync("the alert is resolved", within: .seconds(60)) {
                    for _ in 0..<10 { _ = try? await gateway.get("/") }
                    return (try? await Self.alerts(gateway).contains(#""state":"resolved""#)) ?? false
                }
                let history = try await Self.text("GET /api/v1/alerts/history?limit=2", gateway)
                #expect(history.hasPrefix(#"{"history":[{"alert":"errors","labels":{"route":"demo"},"from":"#))
                #expect(history.contains(#""to":"firing""#) && history.contains(#""from":"firing","to":"resolved""#))
            }
        }

        @Test func `an alert is silenced for a while`() async throws {
            try await withGateway(Self.toml, admin: Self.admin) { gateway in
                let body = #"{"for":"2h","comment":"deploying"}"#
                let silence = try await Self.text("POST /alerts/errors/silence", body: body, gateway)
                #expect(silence.contains(#""silenced_until":"2"#) && silence.contains(#""comment":"deploying""#))
                #expect(try await Self.alerts(gateway).contains(#""silenced_until":"2"#))
                #expect(try await gateway.admin("DELETE /alerts/errors/silence").status == 200)
                #expect(try await Self.alerts(gateway).contains(#""silenced_until":null"#))
                #expect(try await gateway.admin("POST /alerts/errors/test").status == 200)
                let audit = try await gateway.admin("GET /audit").text
                for action in ["alert.silence", "alert.unsilence", "alert.test"] { #expect(audit.contains(action)) }
            }
        }

        @Test func `requests that name no alert, or say nonsense, are refused`() async throws {
            try await withGateway(Self.toml, admin: Self.admin) { gateway in
                for line in ["POST /alerts/nothing/test", "DELETE /alerts/nothing/silence"] {
                    #expect(try await gateway.admin(line).status == 404)
                }
                #expect(try await gateway.admin("POST /alerts/nothing/silence", body: #"{"for":"1h"}"#).status == 404)
                let wrong = try await gateway.admin("POST /alerts/errors/silence", body: #"{"for":2,"commend":"x"}"#)
                #expect(
                    wrong.status == 422 && wrong.text.contains("must be a duration") && wrong.text.contains("commend")
                )
                #expect(try await gateway.admin("POST /alerts/errors/silence", body: "{}").status == 422)
                #expect(try await gateway.admin("POST /alerts/errors/silence", body: "2h").status == 400)
                #expect(try await gateway.admin("GET /alerts/history?limit=0").status == 422)
                #expect(try await gateway.admin("GET /alerts?x=1").status == 422)
            }
        }
    }
}
