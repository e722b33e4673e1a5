import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewayEvents
@testable import GatewayHTTP
@testable import GatewaySettings

struct AdminRouterTests {
    private static let paths = AdminEndpoints.all.filter { $0.method == .get }.flatMap(\.paths)

    @Test(arguments: paths)
    func `each path is served and not cacheable`(path: String) async throws {
        let admin = AdminFixture()
        try await admin.startEvents()
        try await admin.status.events?.webhooks.put(.made("ops"))
        try await Self.expectServed(path.replacing("{route}", with: "_none").replacing("{id}", with: "ops"), by: admin)
        await admin.endEvents()
    }

    private static func expectServed(_ path: String, by admin: AdminFixture) async throws {
        let query = path == "/cache" ? "url=http://localhost/" : ""
        // It is no handshake. What the path serves is no response.
        let isSocket = path == "/events/ws"
        // A kept request has an ID that is not known before.
        let isUnknown = path.contains("{request_id}")
        let head = await admin.statusCode(path) {
            $0.method = .head
            $0.query = query
        }
        #expect(head == (isSocket ? 426 : isUnknown ? 404 : 200))
        guard path != "/events", !isSocket, !isUnknown else { return }
        let response = try await admin.get(path) { $0.query = query }
        #expect(response.status == 200)
        #expect(response.body.readableBytes > 0)
        #expect(response.value(of: "Cache-Control") == "no-store")
        #expect(response.value(of: "X-Content-Type-Options") == "nosniff")
    }

    @Test(arguments: [Method.post, .put, .delete, .patch, .options, .other])
    func `a 405 lists the allowed methods`(method: GatewayHTTP.Method) async throws {
        let refusal = try await #require(throws: AdminRefusal.self) {
            try await AdminFixture().get("/health/live") { $0.method = method }
        }
        #expect(refusal.error.code == .methodNotAllowed)
        #expect(refusal.error.allow == "GET, HEAD")
    }

    @Test(arguments: ["/nowhere", "/health/nothing", "/metrics/", "//", ""])
    func `other paths are 404`(path: String) async {
        #expect(await AdminFixture().statusCode(path) == 404)
    }

    @Test func `liveness and readiness are one line`() async throws {
        let admin = AdminFixture()
        #expect(try await admin.get("/health/live").text == "{\"status\":\"pass\"}\n")
        #expect(try await admin.get("/health/ready").text == "{\"status\":\"pass\",\"reasons\":[]}\n")
        #expect(try await admin.get("/health/ready").value(of: "Content-Type") == "application/json")
    }

    @Test func `ready fails during a drain`() async throws {
        let admin = AdminFixture()
        _ = admin.status.shared.changeDrain { $0.end() }
        let ready = try await admin.get("/health/ready")
        #expect(ready.status == 503)
        #expect(ready.text == "{\"status\":\"fail\",\"reasons\":[\"draining\"]}\n")
        #expect(try await admin.get("/health/live").status == 200)
        #expect(try await admin.get("/health").status == 503)
    }

    @Test func `ready passes while a required upstream has one healthy target`() async throws {
        let admin = AdminFixture { configuration in
            configuration.upstreams["api"] = .targets("http://10.0.0.1:1", "http://10.0.0.2:2", required: true)
        }
        let targets = try #require(admin.status.upstreams.targets["api"])
        targets[0].endpoints[0].fail()
        #expect(await admin.statusCode("/health/ready") == 200)
        targets[1].endpoints[0].fail()
        let ready = try await admin.get("/health/ready")
        #expect(ready.status == 503)
        #expect(try ready.json["reasons"] == ["upstream api has no healthy target"])
        _ = targets[0].endpoints[0].connected()
        #expect(await admin.statusCode("/health/ready") == 200)
    }

    @Test(arguments: [
        (nil, "text/html; charset=utf-8"), ("*/*", "text/html; charset=utf-8"),
        ("application/json", "application/json"), ("text/html, application/json;q=0.9", "text/html; charset=utf-8"),
        ("application/json, text/html;q=0.5", "application/json"), ("application/json;q=0", "text/html; charset=utf-8"),
    ])
    func `the list of endpoints is HTML or JSON`(accept: String?, type: String) async throws {
        let index = try await AdminFixture().get("/") { $0.accept = accept }
        #expect(index.value(of: "Content-Type") == type)
        for endpoint in AdminEndpoints.all {
            #expect(["\"", "<td>"].contains { index.text.contains($0 + endpoint.paths[0]) })
        }
    }

    @Test func `metrics are served in the requested format`() async throws {
        let admin = AdminFixture()
        let text = try await admin.get("/metrics")
        #expect(text.value(of: "Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        #expect(text.text.contains("\ngateway_log_lines_dropped_total 0\n"))
        #expect(text.text.contains("\ngateway_config_reloads_total{result=\"refused\"} 0\n"))
        #expect(text.text.contains("gateway_build_info{version=\"\(GatewayVersion.current)\""))
        let open = try await admin.get("/metrics") { $0.accept = "application/openmetrics-text; version=1.0.0" }
        #expect(open.value(of: "Content-Type") == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        #expect(open.text.hasSuffix("# EOF\n"))
    }

    @Test func `metrics can be filtered by name`() async throws {
        let admin = AdminFixture()
        let page = try await admin.get("/metrics") { $0.query = "name[]=process_max_fds&name%5B%5D=gateway_build_info" }
        let samples = page.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(samples.map { $0.prefix { $0 != "{" && $0 != " " } } == ["gateway_build_info", "process_max_fds"])
    }

    @Test func `lists are paginated`() async throws {
        let names = (0..<102).map { "r\(1000 + $0)" }
        let admin = AdminFixture { configuration in
            for name in names {
                var route = RouteConfiguration.to(name, path: "/\(name)")
                route.name = name
                configuration.routes.append(route)
                configuration.upstreams[name] = .targets("http://10.0.0.1:1")
            }
        }
        func part(_ path: String, _ query: String) async throws -> [SettingValue] {
            let json = try await admin.get(path) { $0.query = query }.json
            #expect(json["total"] == 102)
            guard case .list(let list)? = json[path == "/upstreams" ? "upstreams" : "routes"] else { return [] }
            return list.compactMap { $0["name"] }
        }
        let all = names.map { SettingValue.string($0) }
        for path in ["/routes", "/upstreams", "/metrics/performance"] {
            #expect(try await part(path, "limit=2&after=r1099") == Array(all[100...]))
            #expect(try await part(path, "after=r1101") == [])
        }
        #expect(try await part("/metrics/performance", "") == Array(all[..<100]))
        #expect(try await part("/metrics/performance", "limit=1000") == all)
    }

    @Test(arguments: [
        ("limit=0", ["limit"]), ("limit=1001", ["limit"]), ("limit=ten", ["limit"]), ("limit=", ["limit"]),
        ("limit", ["limit"]), ("limit=-1", ["limit"]), ("limit=99999999999999999999", ["limit"]),
        ("limit=1&limit=2", ["limit"]), ("after=nobody", ["after"]), ("limit=x&after=nobody", ["limit", "after"]),
    ])
    func `invalid parameters are 422`(query: String, fields: [String]) async throws {
        for path in ["/routes", "/upstreams", "/metrics/performance"] {
            let refusal = try await #require(throws: AdminRefusal.self) {
                try await AdminFixture().get(path) { $0.query = query }
            }
            #expect(refusal.error.code == .validationFailed)
            #expect(refusal.error.problems.map(\.field) == fields)
        }
    }

    @Test(arguments: [
        ("", 200), ("{}", 200), (" { } \n", 200), ("{\"all\":true}", 422), ("{\"a\":null,\"b\":[1]}", 422), ("[]", 422),
        ("null", 422), ("7", 422), ("{\"broken", 400), ("{}}", 400), ("all=true", 400), ("\u{0}", 400),
    ])
    func `an unknown field in a body is rejected`(body: String, status: Int) async {
        let code = await AdminFixture().statusCode("/metrics/reset") {
            $0.method = .post
            $0.body = ByteBuffer(string: body)
        }
        #expect(code == status)
    }

    @Test(arguments: ["/", "/health", "/health/detailed", "/metrics", "/metrics/system", "/routes", "/config"])
    func `an unknown parameter is rejected`(path: String) async throws {
        let refusal = try await #require(throws: AdminRefusal.self) {
            try await AdminFixture().get(path) { $0.query = "pretty=1&a%20b&pretty=2" }
        }
        #expect(refusal.error.code == .validationFailed)
        #expect(refusal.error.problems.map(\.field) == ["a b", "pretty"])
    }

    @Test(arguments: ["/health/live", "/health/ready"]) func `probes may have any parameter`(path: String) async {
        #expect(await AdminFixture().statusCode(path) { $0.query = "time=1" } == 200)
    }

    @Test func `the configuration is shown without secrets`() async throws {
        let admin = AdminFixture { $0.admin.token = "s3cret" }
        let configuration = try await admin.get("/config") { $0.authorization = "Bearer s3cret" }
        #expect(!configuration.text.contains("s3cret"))
        #expect(try configuration.json["admin", "token"] == "[redacted]")
        #expect(try configuration.json["server", "drain_timeout"] == "30s")
    }

    @Test func `a reload replaces what the endpoints show`() async throws {
        let admin = AdminFixture { $0.routes = [.to("old", path: "/old")] }
        var configuration = admin.status.configuration
        configuration.routes = [.to("new", path: "/new")]
        admin.status.replace(GatewayStatus.Running(configuration: configuration, upstreams: admin.status.upstreams))
        #expect(try await admin.json("/routes")["routes", "0", "match", "path"] == "/new")
    }
}

extension Webhook {
    /// A webhook of the API, whose receiver is never there.
    static func made(_ id: String) -> Webhook {
        var settings = WebhookConfiguration()
        settings.id = id
        settings.url = (try? ServiceURL.parse("http://127.0.0.1:9/")) ?? .missing
        settings.secret = WebhookSecrets([WebhookSecret.make()])
        return Webhook(settings: settings, isFromFile: false)
    }
}

extension UpstreamConfiguration {
    static func targets(_ urls: String..., required: Bool = false) -> Self {
        var upstream = Self()
        upstream.targets = urls.compactMap { TargetURL($0).map { TargetConfiguration($0) } }
        upstream.required = required
        return upstream
    }
}

extension RouteConfiguration {
    static func to(_ upstream: String, path: String) -> Self {
        var route = Self()
        route.path = path
        route.upstream = .one(upstream)
        return route
    }
}
