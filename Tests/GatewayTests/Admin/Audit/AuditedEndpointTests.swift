import Foundation
import GatewaySettings
import NIOCore
import Testing

@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewayEvents
@testable import GatewayHTTP

/// What the admin API records.
struct AuditedEndpointTests {
    /// A valid request to each endpoint that changes something, by its path.
    private static let acts: [(method: GatewayHTTP.Method, path: String, body: String)] = [
        (.post, "/drain", ""),
        (.delete, "/drain", ""),
        (.post, "/metrics/reset", ""),
        (.post, "/consumers/acme/disable", ""),
        (.post, "/consumers/acme/enable", ""),
        Self.purge,
        (.post, "/config/reload", ""),
        (.post, "/upstreams/api/targets/0/drain", ""),
        (.post, "/upstreams/api/targets/0/ready", ""),
        Self.weigh,
        (.post, "/alerts/errors/silence", #"{"for":"1h"}"#),
        (.delete, "/alerts/errors/silence", ""),
        (.post, "/alerts/errors/test", ""),
        (.post, "/webhooks", #"{"url":"https://hooks.example/"}"#),
        (.delete, "/webhooks/ops", ""),
        (.post, "/webhooks/ops/test", ""),
        (.post, "/webhooks/ops/rotate", ""),
        (.post, "/webhooks/ops/enable", ""),
        (.post, "/webhooks/ops/disable", ""),
        (.post, "/webhooks/ops/deliveries/DELIVERY/redeliver", ""),
    ]
    private static let purge = (GatewayHTTP.Method.post, "/cache/purge", #"{"tag":"news"}"#)
    private static let weigh = (GatewayHTTP.Method.post, "/upstreams/api/targets/0/weight", #"{"weight":5}"#)
    /// Tested over sockets, because it checks all settings of a webhook.
    private static let overSockets = "PATCH /webhooks/{id}"
    /// Endpoints that need access like writes, but change nothing.
    private static let harmless: Set<String> = ["/config/check", "/config/diff"]

    private static func fixture(_ settings: AuditConfiguration = AuditConfiguration()) -> (AdminFixture, Control) {
        let fixture = AdminFixture(audit: AuditLog(settings)) { configuration in
            configuration.upstreams["api"] = .targets("http://127.0.0.1:9")
            configuration.events.allowPrivate = true
            var alert = AlertConfiguration()
            alert.name = "errors"
            alert.when = "error_rate > 1"
            configuration.alerts = [alert]
        }
        _ = fixture.status.shared.consumers.consumer("acme", isNamed: true)
        let control = Control(fixture.status.audit)
        fixture.status.control = control
        return (fixture, control)
    }

    private static func send(
        _ act: (method: GatewayHTTP.Method, path: String, body: String),
        to fixture: AdminFixture
    ) async -> Int {
        await fixture.statusCode(act.path) { request in
            request.method = act.method
            request.requestID = "r-1"
            request.body = act.body.isEmpty ? nil : ByteBuffer(string: act.body)
        }
    }

    private struct Entries: Decodable {
        let entries: [Entry]
    }

    private struct Entry: Decodable {
        let seq: Int
        let actor: String
        let address: String?
        let action: String
        let target: String?
        let before: SettingValue?
        let after: SettingValue?
        let result: String
        let requestID: String?

        private enum CodingKeys: String, CodingKey {
            case seq, actor, address, action, target, before, after, result
            case requestID = "request_id"
        }
    }

    private static func entries(_ fixture: AdminFixture, _ query: String = "") async throws -> [Entry] {
        let text = try await fixture.get("/audit") { $0.query = query }.text
        // Values of settings are never null.
        let known = text.replacing(/,"[a-z_]+":null/, with: "").replacing(/"[a-z_]+":null,?/, with: "")
        return try JSONDecoder().decode(Entries.self, from: Data(known.utf8)).entries
    }

    @Test func `every endpoint that changes something has an act`() {
        for endpoint in AdminEndpoints.all {
            let isAct = endpoint.scope == .write && !Self.harmless.contains(endpoint.path)
            #expect((endpoint.action != nil) == isAct, "\(endpoint.path)")
            guard isAct, "\(endpoint.method.name) \(endpoint.path)" != Self.overSockets else { continue }
            let isTested = Self.acts.contains { act in
                act.method == endpoint.method && AdminEndpoints.parameters(of: act.path, under: endpoint.path) != nil
            }
            #expect(isTested, "\(endpoint.path) has no request in this table")
        }
    }

    @Test func `every act is recorded with its actor, or refused if it cannot be`() async throws {
        for act in Self.acts {
            try await Self.expectRecorded(act)
            let (full, control) = Self.fixture(.full)
            let path = try await Self.startEvents(for: act.path, in: full)
            let status = await Self.send((act.method, path, act.body), to: full)
            #expect(status == 503, "\(act.path) is not recorded before it happens")
            #expect(!full.status.shared.isDraining)
            await full.endEvents()
            control.end()
        }
    }

    private static func expectRecorded(_ act: (method: GatewayHTTP.Method, path: String, body: String)) async throws {
        let (fixture, control) = self.fixture()
        defer { control.end() }
        let path = try await self.startEvents(for: act.path, in: fixture)
        guard case .endpoint(let endpoint, _) = AdminEndpoints.match(act.method, path) else {
            Issue.record("\(act.path)")
            return
        }
        let status = await self.send((act.method, path, act.body), to: fixture)
        #expect(endpoint.operation.answers.map(\.status).contains(status) && status < 300, "\(act.path): \(status)")
        let entries = try await self.entries(fixture)
        #expect(entries.count == 1, "\(act.path)")
        #expect(entries.first?.action == endpoint.action?.name)
        #expect(entries.first?.actor == "local")
        #expect(entries.first?.address == "127.0.0.1")
        #expect(entries.first?.requestID == "r-1")
        #expect(entries.first?.result == "ok")
        await fixture.endEvents()
    }

    /// Starts what serves events, with a webhook, if the path needs it.
    ///
    /// - Returns: The path, with the ID of a delivery.
    private static func startEvents(for path: String, in fixture: AdminFixture) async throws -> String {
        guard path.hasPrefix("/webhooks") || path.hasPrefix("/alerts") else { return path }
        try await fixture.startEvents()
        let events = try #require(fixture.status.events)
        try await events.webhooks.put(.made("ops"))
        guard path.contains("DELIVERY") else { return path }
        events.bus.publish(GatewayEvent("app.test"))
        while true {
            if let delivery = try await events.webhooks.deliveries(of: "ops", status: nil, before: nil, limit: 1).first
            {
                return path.replacing("DELIVERY", with: delivery.id)
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    @Test func `a change of a target tells what it was and becomes`() async throws {
        let (fixture, control) = Self.fixture()
        defer { control.end() }
        #expect(await Self.send(Self.weigh, to: fixture) == 200)
        let entry = try #require(try await Self.entries(fixture).first)
        #expect(entry.target == "api/127.0.0.1:9")
        #expect(entry.before?["weight"] == .integer(1))
        #expect(entry.after?["weight"] == .integer(5))
    }

    @Test func `what was purged is recorded without secrets`() async throws {
        let (fixture, control) = Self.fixture()
        defer { control.end() }
        let body = #"{"url":"https://a.example/x?b=1&api_key=sesame;Token=sesame&c"}"#
        #expect(await Self.send((.post, "/cache/purge", body), to: fixture) == 200)
        let entry = try #require(try await Self.entries(fixture).first)
        let url = "https://a.example/x?b=1&api_key=[redacted];Token=[redacted]&c"
        #expect(entry.after == ["soft": false, "url": .string(url)])
    }

    @Test func `an act that fails says why, and unauthorized requests are counted`() async throws {
        let (fixture, control) = Self.fixture()
        defer { control.end() }
        #expect(await Self.send((.post, "/upstreams/api/targets/9/drain", ""), to: fixture) == 404)
        #expect(await Self.send((.post, "/cache/purge", "{}"), to: fixture) == 422)
        for _ in 0..<3 {
            #expect(
                await fixture.statusCode("/drain") {
                    $0.method = .post
                    $0.host = "evil.example"
                } == 403
            )
        }
        let entries = try await Self.entries(fixture)
        let refused = [String](repeating: "admin.refused", count: 3)
        #expect(entries.map(\.action) == ["target.drain", "cache.purge"] + refused)
        let forbidden = [String](repeating: "forbidden", count: 3)
        #expect(entries.map(\.result) == ["not_found", "validation_failed"] + forbidden)
        #expect(entries.last?.actor == "anonymous")
        #expect(entries.last?.target == "POST /drain")
        #expect(entries.map(\.seq) == Array(1...5))
    }

    @Test func `the actor is admin with a token, and the token is nowhere`() async throws {
        let fixture = AdminFixture { $0.admin.token = "sesame-sesame" }
        let wrong = await fixture.statusCode("/drain") { request in
            request.method = .post
            request.authorization = "Bearer wrong-wrong"
        }
        #expect(wrong == 401)
        let right: (inout AdminRequest) -> Void = { $0.authorization = "Bearer sesame-sesame" }
        #expect(
            await fixture.statusCode("/metrics/reset") {
                right(&$0)
                $0.method = .post
            } == 200
        )
        let text = try await fixture.get("/audit", right).text
        #expect(text.contains("\"actor\":\"admin\""))
        #expect(text.contains("\"result\":\"unauthorized\""))
        #expect(!text.contains("sesame"))
        #expect(!text.contains("wrong-wrong"))
    }

    @Test func `wrong credentials of clients are recorded at a bounded rate`() async throws {
        let fixture = AdminFixture()
        for number in 0..<15 {
            let address = number < 2 ? "192.0.2.1" : "2001:db8::\(number)"
            let failure = CredentialFailure(
                address: ClientAddress(try #require(IPAddress(address))),
                kind: "jwt",
                route: "users",
                reason: "expired",
                requestID: "r"
            )
            fixture.status.audit.record(failure)
        }
        let entries = try await Self.entries(fixture)
        #expect(entries.count == 2 + AuditFloods.burst)
        #expect(entries.first?.action == "auth.failed")
        #expect(entries.first?.address == "192.0.2.1")
        #expect(entries.first?.target == "users")
        #expect(entries.first?.after == ["kind": "jwt", "reason": "expired"])
    }

    @Test(arguments: [
        "limit=0", "limit=1001", "limit=x", "limit=1&limit=2", "after=-1", "after=x", "after=99999999999999999999",
        "after=", "from=1",
    ])
    func `rejects a page that cannot be`(query: String) async {
        #expect(await AdminFixture().statusCode("/audit") { $0.query = query } == 422)
    }

    @Test func `a page begins after a number`() async throws {
        let fixture = AdminFixture()
        for _ in 0..<3 { #expect(await Self.send(Self.purge, to: fixture) == 200) }
        #expect(try await Self.entries(fixture, "after=1&limit=1").map(\.seq) == [2])
        #expect(try await Self.entries(fixture, "after=3").isEmpty)
        #expect(try await fixture.get("/audit") { $0.query = "after=3" }.text == "{\"entries\":[]}\n")
    }
}

extension AuditConfiguration {
    /// A file that cannot be written.
    fileprivate static var full: Self {
        var settings = Self()
        settings.file = "/dev/full"
        return settings
    }
}

/// Does nothing but record.
private final class Control: GatewayControl {
    private let audit: AuditLog

    init(_ audit: AuditLog) { self.audit = audit }

    /// Keeps the control alive, which the status does not.
    func end() {}

    func startDrain() {}
    func cancelDrain() {}

    func reload(by actor: AuditActor) async -> ReloadOutcome {
        let configuration = GatewayConfiguration()
        let changes = ConfigurationComparison(from: configuration, to: configuration, middlewares: [])
        do throws(AuditFailure) {
            return try await self.audit.perform(.config, .reload(by: actor, changes)) {
                .reloaded(AppliedReload(changes: changes, warnings: []))
            }
        } catch {
            return .unrecorded(error)
        }
    }

    func check(_ toml: String) async -> InspectionOutcome { .busy }
    func compare(_ toml: String?) async -> InspectionOutcome { .busy }
}
