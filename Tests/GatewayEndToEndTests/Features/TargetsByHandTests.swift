import Gateway
import Testing

@testable import GatewaySettings

extension EndToEnd {
    /// Targets that operators drain and weigh through the admin API.
    @Suite struct TargetsByHandTests {
        private static func withTwo(
            _ settings: String = "balance = \"round_robin\"",
            _ body: (RunningGateway, ScriptedUpstream, ScriptedUpstream) async throws -> Void
        ) async throws {
            try await withUpstream(serving { _ in ok("0") }) { first in
                try await withUpstream(serving { _ in ok("1") }) { second in
                    let toml = proxy(to: first.url, second.url, upstream: settings)
                    let admin = AdminListen.address(.host("127.0.0.1", port: 0))
                    try await withGateway(toml, workers: 2, admin: admin) { try await body($0, first, second) }
                }
            }
        }

        private static func texts(_ count: Int, _ gateway: RunningGateway) async throws -> Set<String> {
            var texts: Set<String> = []
            for number in 0..<count { texts.insert(try await gateway.get("/", "X-Key: \(number)").text) }
            return texts
        }

        @Test(arguments: GatewaySettings.BalancePolicy.allCases)
        func `a drained target, and one of weight 0, get no requests until they are taken back`(
            balance: GatewaySettings.BalancePolicy
        ) async throws {
            let settings = "balance = \"\(balance.rawValue)\"\nhash_key = \"header:X-Key\""
            try await Self.withTwo(settings) { gateway, first, _ in
                #expect(try await Self.texts(40, gateway) == ["0", "1"])
                let base = "POST /upstreams/api/targets/0"
                let drained = try await gateway.admin("\(base)/drain")
                #expect(drained.status == 200)
                let entry = drained.text.filter { !$0.isWhitespace }
                #expect(entry.contains("\"target\":\"\(first.authority)\""))
                #expect(entry.contains("\"state\":\"draining\"") && entry.contains("\"up\":false"))
                try await eventuallyAsync("the drain applies") { (try? await Self.texts(12, gateway)) == ["1"] }
                let ready = try await gateway.admin("\(base)/ready")
                #expect(ready.text.filter { !$0.isWhitespace }.contains("\"up\":true"))
                try await eventuallyAsync("the target is back") { (try? await Self.texts(40, gateway)) == ["0", "1"] }
                let weighed = try await gateway.admin("\(base)/weight", body: "{\"weight\":0}")
                #expect(weighed.text.filter { !$0.isWhitespace }.contains("\"weight\":0"))
                try await eventuallyAsync("weight 0 applies") { (try? await Self.texts(12, gateway)) == ["1"] }
                _ = try await gateway.admin("\(base)/weight", body: "{\"weight\":3}")
                try await eventuallyAsync("weight 3 applies") { (try? await Self.texts(40, gateway)) == ["0", "1"] }
            }
        }

        @Test func `weights by hand set the shares`() async throws {
            try await Self.withTwo { gateway, first, second in
                _ = try await gateway.admin(
                    "POST /upstreams/api/targets/\(second.authority)/weight",
                    body: "{\"weight\":3}"
                )
                let before = [first.requests.count, second.requests.count]
                for _ in 0..<40 { _ = try await gateway.get("/") }
                #expect(first.requests.count - before[0] == 10)
                #expect(second.requests.count - before[1] == 30)
            }
        }

        @Test func `a drained target finishes what it has, and is no refuge`() async throws {
            let hold = Signal()
            let script = serving { request in
                if request.target == "/slow" { try await hold.wait() }
                return ok("done")
            }
            try await withUpstream(script) { upstream in
                let admin = AdminListen.address(.host("127.0.0.1", port: 0))
                try await withGateway(proxy(to: upstream.url, "http://127.0.0.1:1"), workers: 2, admin: admin) {
                    gateway in
                    async let slow = gateway.get("/slow")
                    try await eventually("the request arrives") { upstream.requests.count == 1 }
                    _ = try await gateway.admin("POST /upstreams/api/targets/0/drain")
                    // The other target refuses connections. Failover must not lead to the drained one.
                    for _ in 0..<4 { #expect(try await gateway.get("/").code == "upstream_unreachable") }
                    _ = try await gateway.admin("POST /upstreams/api/targets/1/drain")
                    let refused = try await gateway.get("/")
                    #expect(refused.code == "no_healthy_upstream" && refused["Retry-After"] != nil)
                    #expect(upstream.requests.count == 1)
                    hold.fire()
                    #expect(try await slow.text == "done")
                    _ = try await gateway.admin("POST /upstreams/api/targets/0/ready")
                    try await eventuallyAsync("the target is back") { (try? await gateway.get("/").text) == "done" }
                }
            }
        }

        @Test func `unknown targets are 404, and wrong bodies 400 or 422`() async throws {
            try await Self.withTwo { gateway, first, _ in
                let targets = "POST /upstreams/api/targets"
                for path in ["\(targets)/2/drain", "\(targets)/x/ready", "POST /upstreams/none/targets/0/drain"] {
                    let refused = try await gateway.admin(path)
                    #expect(refused.status == 404)
                }
                #expect(try await gateway.admin("GET /upstreams/api/targets/0/drain").status == 405)
                #expect(try await gateway.admin("\(targets)/0/drain", body: "{}").status == 200)
                #expect(try await gateway.admin("\(targets)/0/ready", body: "{\"a\":1}").status == 422)
                for body in ["", "{", "weight=1"] {
                    #expect(try await gateway.admin("\(targets)/0/weight", body: body).status == 400)
                }
                for body in [
                    "{}", "[]", "{\"weight\":-1}", "{\"weight\":1000001}", "{\"weight\":\"1\"}", "{\"weight\":1.5}",
                ] {
                    let refused = try await gateway.admin("\(targets)/0/weight", body: body)
                    #expect(refused.status == 422)
                    #expect(refused.text.contains("\"errors\""))
                }
                let more = try await gateway.admin("\(targets)/0/weight", body: "{\"weight\":1,\"size\":2}")
                #expect(more.status == 422 && more.text.contains("\"size\""))
                let escaped = first.authority.replacing(":", with: "%3A")
                #expect(try await gateway.admin("\(targets)/\(escaped)/ready").status == 200)
            }
        }
    }
}
