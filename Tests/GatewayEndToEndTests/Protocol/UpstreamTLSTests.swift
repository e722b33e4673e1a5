import NIOCore
import NIOSSL
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

extension EndToEnd {
    /// TLS towards upstreams, against servers that use the same library and against scripted misbehavior.
    @Suite struct UpstreamTLSTests {
        private let authority: TestAuthority
        private let good: TestCertificate

        init() throws {
            self.authority = try TestAuthority()
            self.good = try self.authority.issue("127.0.0.1", "api.internal", "*.wild.example")
        }

        /// Runs a gateway in front of a TLS server whose authority it trusts.
        private func withSecureProxy<R>(
            _ script: @escaping ScriptedUpstream.Script = serving { _ in ok("secure") },
            server: SecureServer? = nil,
            tls: String = "",
            upstream: String = "",
            route: String = "",
            more: String = "",
            log: LogLines = LogLines(),
            _ body: (RunningGateway, ScriptedUpstream) async throws -> R
        ) async throws -> R {
            try await withFolder { folder in
                try self.authority.pem.write(to: "\(folder)/ca.pem")
                try self.authority.issue("client", subject: "client").write(as: "client", to: folder)
                let security = try server ?? SecureServer(self.good)
                return try await withUpstream(security: security, script) { target in
                    let toml = proxy(
                        to: target.url,
                        upstream: """
                            \(upstream)
                            [upstreams.api.tls]
                            ca = "\(folder)/ca.pem"
                            \(tls.replacing("FOLDER", with: folder))
                            """,
                        route: route,
                        more: more
                    )
                    return try await withGateway(toml, admin: .address(.host("127.0.0.1", port: 0)), log: log.logger) {
                        gateway in
                        try await body(gateway, target)
                    }
                }
            }
        }

        private func connects(_ result: String, _ gateway: RunningGateway) async throws -> Bool {
            let metrics = try await gateway.admin("GET /metrics").text
            return metrics.split(separator: "\n").contains {
                $0.hasPrefix("gateway_upstream_connects_total{") && $0.contains("result=\"\(result)\"")
            }
        }

        // MARK: Names

        @Test func `an address is verified and not sent as a name`() async throws {
            let server = try SecureServer(self.good)
            try await self.withSecureProxy(server: server) { gateway, upstream in
                let first = try await gateway.get("/")
                let second = try await gateway.get("/")
                #expect(first.text == "secure")
                #expect(second.text == "secure")
                #expect(server.serverNames == [nil])
                #expect(upstream.connections == 1)
                #expect(upstream.requests.first?["Host"] == upstream.authority)
            }
        }

        @Test(arguments: ["api.internal", "API.internal", "a.wild.example"])
        func `server_name is sent and verified`(name: String) async throws {
            let server = try SecureServer(self.good)
            try await self.withSecureProxy(server: server, tls: "server_name = \"\(name)\"") { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.status == 200)
                #expect(server.serverNames == [name])
            }
        }

        @Test(arguments: [("auto", false), ("true", true), ("false", false)])
        func `an https target receives its own host by default`(value: String, isKept: Bool) async throws {
            let setting = value == "auto" ? "\"auto\"" : value
            try await self.withSecureProxy(route: "preserve_host = \(setting)") { gateway, upstream in
                _ = try await gateway.get("/")
                #expect(upstream.requests.first?["Host"] == (isKept ? "a.example" : upstream.authority))
            }
        }

        @Test func `a Location at the origin of an https target leads back to the gateway`() async throws {
            let script = serving { request in
                "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: https://\(request["Host"] ?? "")/next\r\n\r\n"
            }
            try await self.withSecureProxy(script) { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response["Location"] == "http://a.example/next")
            }
        }

        // MARK: Refusals

        private static let refused: [(String, String)] = [
            ("wrong name", "is for b.example, not for 127.0.0.1"), ("expired", "has expired"),
            ("not yet valid", "is not valid yet"), ("unknown authority", "was not issued by a trusted authority"),
            ("old version", "version"),
        ]

        @Test(arguments: refused)
        func `a server that cannot be verified is unreachable`(what: String, reason: String) async throws {
            let server =
                switch what {
                case "wrong name": try SecureServer(self.authority.issue("b.example"))
                case "expired": try SecureServer(self.authority.issue("127.0.0.1", from: -7200, until: -3600))
                case "not yet valid": try SecureServer(self.authority.issue("127.0.0.1", from: 3600, until: 7200))
                case "unknown authority": try SecureServer(TestAuthority("Another").issue("127.0.0.1"))
                default:
                    try SecureServer(self.good) {
                        $0.minimumTLSVersion = .tlsv1
                        $0.maximumTLSVersion = .tlsv11
                    }
                }
            let log = LogLines()
            try await self.withSecureProxy(server: server, log: log) { gateway, upstream in
                let response = try await gateway.get("/")
                #expect(response.status == 502)
                #expect(response.code == "upstream_unreachable")
                #expect(!response.text.contains(reason))
                #expect(upstream.requests.isEmpty)
                #expect(try await self.connects("tls", gateway))
                let line = try #require(log.lines.first { $0.contains("upstream target is down") })
                #expect(line.contains(reason) && line.contains("reason=tls"), "\(line)")
                let upstreams = try await gateway.admin("GET /upstreams").text
                #expect(upstreams.contains("\"tls\""))
            }
        }

        @Test func `verify = false accepts any server`() async throws {
            let server = try SecureServer(TestAuthority("Another").issue("b.example", until: -60))
            try await self.withSecureProxy(server: server, tls: "verify = false") { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.status == 200)
            }
        }

        @Test func `without ca, the system decides`() async throws {
            try await withUpstream(security: try SecureServer(self.good), serving { _ in ok() }) { upstream in
                try await withGateway(proxy(to: upstream.url)) { gateway in
                    let response = try await gateway.get("/")
                    #expect(response.code == "upstream_unreachable")
                }
            }
        }

        @Test func `another target takes the request if a handshake fails`() async throws {
            let bad = try SecureServer(self.authority.issue("b.example"))
            try await withUpstream(security: bad, serving { _ in ok("bad") }) { other in
                try await self.withSecureProxy {
                    gateway,
                    target in
                    // Both targets in one upstream.
                    let running = try #require(gateway.server.runtime?.configuration)
                    var changed = running
                    changed.upstreams["api"]?.balance = .roundRobin
                    changed.upstreams["api"]?.targets = [other.url, target.url].compactMap {
                        TargetURL($0).map { TargetConfiguration($0) }
                    }
                    try await gateway.server.reload(changed)
                    for _ in 0..<3 {
                        let response = try await gateway.get("/")
                        #expect(response.text == "secure")
                    }
                    #expect(other.requests.isEmpty)
                }
            }
        }

        // MARK: Client certificates

        @Test(arguments: [NIOSSL.TLSVersion.tlsv12, .tlsv13])
        func `the client certificate is presented`(version: NIOSSL.TLSVersion) async throws {
            let server = try SecureServer(self.good, clients: self.authority) { $0.maximumTLSVersion = version }
            let tls = "certificate = \"FOLDER/client.pem\"\nkey = \"FOLDER/client.key\""
            try await self.withSecureProxy(server: server, tls: tls) { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.text == "secure")
            }
        }

        /// With TLS 1.3 the refusal comes after the handshake has ended here.
        @Test(arguments: [NIOSSL.TLSVersion.tlsv12, .tlsv13], [false, true])
        func `a refused client certificate is a failed handshake`(version: NIOSSL.TLSVersion, hasOne: Bool) async throws
        {
            let server = try SecureServer(self.good, clients: TestAuthority("Another")) {
                $0.maximumTLSVersion = version
            }
            let tls = hasOne ? "certificate = \"FOLDER/client.pem\"\nkey = \"FOLDER/client.key\"" : ""
            let log = LogLines()
            try await self.withSecureProxy(server: server, tls: tls, log: log) { gateway, upstream in
                let response = try await gateway.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
                #expect(response.code == "upstream_unreachable")
                #expect(upstream.requests.isEmpty)
                #expect(try await self.connects("tls", gateway))
                #expect(log.lines.contains { $0.contains("upstream target is down") && $0.contains("reason=tls") })
            }
        }

        // MARK: Ends

        @Test(arguments: [true, false])
        func `a response without a length is whole after close_notify only`(isWhole: Bool) async throws {
            let script = playing { session in
                _ = try await session.request()
                try await session.send("HTTP/1.1 200 OK\r\n\r\nhello")
                if isWhole { session.connection.close() } else { try await session.connection.cut() }
            }
            try await self.withSecureProxy(script) { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                let (text, _) = try await client.rest(within: .seconds(5))
                #expect(text.hasSuffix("0\r\n\r\n") == isWhole, "\(text)")
            }
        }

        @Test func `connections that are closed while idle do not fail requests`() async throws {
            let script = playing { session in
                _ = try await session.request()
                try await session.send(ok("\(session.index)"))
                if session.index.isMultiple(of: 2) {
                    session.connection.close()
                } else {
                    try await session.connection.cut()
                }
            }
            try await self.withSecureProxy(script) { gateway, upstream in
                for index in 0..<4 {
                    try await eventually("the connection is closed") { upstream.openConnections == 0 }
                    let response = try await gateway.get("/")
                    #expect(response.text == "\(index)")
                }
            }
        }

        @Test func `large bodies pass in both directions`() async throws {
            let body = String(repeating: "0123456789abcdef", count: 1 << 15)
            try await self.withSecureProxy(serving { ok($0.text) }) { gateway, _ in
                let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                let response = try await gateway.exchange(request)
                #expect(response.text == body)
            }
        }

        // MARK: Servers that do not shake hands

        @Test(arguments: [("plain", 502), ("hang", 504), ("reset", 502), ("end", 502)])
        func `a server without a handshake is unreachable`(what: String, status: Int) async throws {
            let script = playing { session in
                switch what {
                case "plain":
                    try await session.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                    _ = try await session.connection.rest()
                case "hang": _ = try await session.connection.rest()
                case "reset":
                    _ = try await session.connection.some()
                    try await session.connection.reset()
                default: _ = try await session.connection.some()
                }
            }
            try await withUpstream(script) { upstream in
                let toml = proxy(
                    to: "https://127.0.0.1:\(upstream.port)",
                    more: "[middleware.timeout]\nconnect = \"100ms\""
                )
                try await withGateway(toml, admin: .address(.host("127.0.0.1", port: 0))) { gateway in
                    let response = try await gateway.get("/")
                    #expect(response.status == status)
                    #expect(response.code == (status == 504 ? "connect_timeout" : "upstream_unreachable"))
                    let result = status == 504 ? "timeout" : "tls"
                    #expect(try await self.connects(result, gateway))
                    try await eventually("the connection is closed") { upstream.openConnections == 0 }
                }
            }
        }

        // MARK: Changes

        @Test func `changed settings close the connections that do not follow them`() async throws {
            let server = try SecureServer(self.good)
            try await self.withSecureProxy(server: server) { gateway, upstream in
                _ = try await gateway.get("/")
                let running = try #require(gateway.server.runtime?.configuration)
                var changed = running
                changed.upstreams["api"]?.queue = .seconds(2)
                try await gateway.server.reload(changed)
                _ = try await gateway.get("/")
                #expect(upstream.connections == 1)
                changed.upstreams["api"]?.tls?.serverName = "api.internal"
                try await gateway.server.reload(changed)
                try await eventually("the idle connection is closed") { upstream.openConnections == 0 }
                let response = try await gateway.get("/")
                #expect(response.status == 200)
                #expect(server.serverNames == [nil, "api.internal"])
            }
        }

        @Test func `a reload with a bad file is refused, and the running settings stay`() async throws {
            try await self.withSecureProxy { gateway, _ in
                var changed = try #require(gateway.server.runtime?.configuration)
                changed.upstreams["api"]?.tls?.ca = "/no/such/ca.pem"
                await #expect(throws: ConfigurationErrors.self) { try await gateway.server.reload(changed) }
                do {
                    try await gateway.server.reload(changed)
                } catch let errors as ConfigurationErrors {
                    #expect(errors.errors.map(\.key) == ["upstreams.api.tls.ca"])
                    #expect("\(errors)".contains("\"/no/such/ca.pem\" cannot be used: no such file"))
                }
                let response = try await gateway.get("/")
                #expect(response.status == 200)
            }
        }

        @Test func `changed files are used for new connections, unless they are bad`() async throws {
            try await withFolder { folder in
                let file = "\(folder)/ca.pem"
                try TestAuthority("Another").pem.write(to: file)
                let script = playing { session in
                    _ = try await session.request()
                    try await session.send(ok())
                    session.connection.close()
                }
                try await withUpstream(security: try SecureServer(self.good), script) { upstream in
                    let toml = proxy(to: upstream.url, upstream: "[upstreams.api.tls]\nca = \"\(file)\"")
                    let admin = AdminListen.address(.host("127.0.0.1", port: 0))
                    try await withGateway(toml, admin: admin) { gateway in
                        let runtime = try #require(gateway.server.runtime)
                        let log = LogLines()
                        let watch = UpstreamFileWatch(runtime.upstreams, events: runtime.shared.events, log: log.logger)
                        #expect(watch.interval == .minutes(1))
                        watch.look()
                        #expect(try await gateway.get("/").status == 502)
                        try self.authority.pem.write(to: file)
                        watch.look()
                        #expect(try await gateway.get("/").status == 200)
                        try "half".write(to: file)
                        watch.look()
                        #expect(runtime.upstreams.rejectedFiles.isEmpty)
                        watch.look()
                        #expect(log.lines.count == 2)
                        #expect(log.lines.last?.contains("file=\(file) reason=the file contains no PEM") == true)
                        #expect(try await gateway.get("/").status == 200)
                        #expect(
                            try await gateway.admin("GET /health").text.contains("changed certificates are not used")
                        )
                        try self.authority.pem.write(to: file)
                        watch.look()
                        #expect(runtime.upstreams.rejectedFiles.isEmpty)
                    }
                }
            }
        }

        // MARK: Health checks

        @Test(arguments: ["http", "tcp"], [true, false])
        func `health checks use TLS`(type: String, isTrusted: Bool) async throws {
            let server = try SecureServer(isTrusted ? self.good : self.authority.issue("b.example"))
            let health = """
                [upstreams.api.health]
                type = "\(type)"
                interval = "10ms"
                healthy_after = 1
                unhealthy_after = 1
                """
            try await self.withSecureProxy(server: server, upstream: health) { gateway, upstream in
                try await eventuallyAsync("the target has a verdict") {
                    let text = (try? await gateway.admin("GET /upstreams").text) ?? ""
                    return isTrusted ? text.contains("\"state\": \"up\"") : text.contains("\"reason\": \"tls\"")
                }
                let metrics = try await gateway.admin("GET /metrics").text
                let result = isTrusted ? "ok" : "tls"
                let line = "gateway_upstream_health_checks_total{result=\"\(result)\""
                #expect(
                    metrics.contains(line)
                        || metrics.contains("target=\"127.0.0.1:\(upstream.port)\",result=\"\(result)\"")
                )
            }
        }
    }
}
