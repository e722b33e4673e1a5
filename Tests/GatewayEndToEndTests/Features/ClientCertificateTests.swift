import Foundation
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Gateway
@testable import GatewaySettings

extension EndToEnd {
    /// What upstreams, limits and logs learn about a client's certificate, and what else TLS changes for a request.
    @Suite struct ClientCertificateTests {
        private let authority: TestAuthority
        private let certificate: TestCertificate

        init() throws {
            self.authority = try TestAuthority()
            self.certificate = try self.authority.issue("a.example", subject: "ann, \"boss\"")
        }

        /// Runs a gateway that asks for certificates on its second address, in front of an upstream.
        private func withGateway<R>(
            to script: @escaping ScriptedUpstream.Script = serving { _ in ok() },
            server: String = "",
            route: String = "",
            more: String = "",
            accessLog: AccessLogTarget = .off,
            _ body: (RunningGateway, ScriptedUpstream) async throws -> R
        ) async throws -> R {
            try await withFolder { folder in
                try self.authority.pem.write(to: "\(folder)/ca.pem")
                try self.authority.issue("127.0.0.1").write(as: "server", to: folder)
                return try await withUpstream(script) { upstream in
                    let tls = """
                        \(server)
                        [server.tls]
                        certificate = "\(folder)/server.pem"
                        key = "\(folder)/server.key"
                        client_ca = "\(folder)/ca.pem"
                        client_auth = "request"
                        """
                    let listen = [
                        ListenAddress(.host("127.0.0.1", port: 0), scheme: .http), .host("127.0.0.1", port: 0),
                    ]
                    let toml = proxy(to: upstream.url, server: tls, route: route, more: more)
                    return try await GatewayEndToEndTests.withGateway(toml, listen: listen, accessLog: accessLog) {
                        try await body($0, upstream)
                    }
                }
            }
        }

        /// Sends a request with the client's certificate.
        private func get(
            _ gateway: RunningGateway,
            _ certificate: TestCertificate?,
            _ fields: String...
        ) async throws -> Message {
            let security = try SecureClient(trusting: self.authority, certificate: certificate)
            let client = try await RawConnection.connect(to: gateway.addresses[1], security: security)
            defer { client.close() }
            let lines = fields.map { $0 + "\r\n" }.joined()
            try await client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\(lines)\r\n")
            return try await client.finalResponse()
        }

        /// The value of `Client-Cert` for a certificate in PEM.
        private static func field(_ certificate: TestCertificate) -> String {
            ":" + certificate.pem.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined() + ":"
        }

        private static let forged = [
            "Client-Cert: :AA==:", "Client_Cert: :AA==:", "Client-Cert-Chain: :AA==:", "X-Client-Cert: a",
            "X-Client-Cert-DN: CN=root", "X_SSL_Client_Verify: SUCCESS",
        ]

        @Test func `the upstream is told the certificate, and nothing that a client claims`() async throws {
            try await self.withGateway(server: "trusted_proxies = [\"127.0.0.0/8\"]") { gateway, upstream in
                let lines = Self.forged.joined(separator: "\r\n")
                let certified = try await self.get(gateway, self.certificate, lines)
                let anonymous = try await self.get(gateway, nil, lines)
                let plain = try await gateway.get("/", lines)
                #expect([certified, anonymous, plain].allSatisfy { $0.status == 200 })
                let values = upstream.requests.map { request in
                    request.fields.filter { $0.name.lowercased().contains("client") }.map { "\($0.name): \($0.value)" }
                }
                #expect(values == [["Client-Cert: " + Self.field(self.certificate)], [], []])
            }
        }

        @Test func `another try and a mirror carry the certificate too`() async throws {
            let seen = NIOLockedValueBox<[String?]>([])
            let failing = serving { request in
                let count = seen.withLockedValue { seen in
                    seen.append(request["Client-Cert"])
                    return seen.count
                }
                return count == 1 ? "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n" : ok()
            }
            try await withUpstream(serving { _ in ok() }) { copy in
                let route = "[routes.retry]\nbackoff = \"0s\"\nbudget = 1.0\n[routes.mirror]\nupstream = \"copy\""
                let more = "[upstreams.copy]\ntargets = [\"\(copy.url)\"]"
                try await self.withGateway(to: failing, route: route, more: more) { gateway, _ in
                    #expect(try await self.get(gateway, self.certificate).status == 200)
                    let value = Self.field(self.certificate)
                    #expect(seen.withLockedValue { $0 } == [value, value])
                    try await eventually("the copy arrives") { copy.requests.count == 1 }
                    #expect(copy.requests[0]["Client-Cert"] == value)
                }
            }
        }

        @Test func `the subject is a placeholder, a key of limits, and in the log`() async throws {
            let route = """
                [routes.headers]
                request = { set = { X-User = "<{client_cert.subject}>", X-Scheme = "{scheme}" } }
                [routes.rate_limit]
                limit = "1/hour"
                key = "client_cert.subject"
                """
            try await withFolder { folder in
                let log = AccessLogTarget.file(path: "\(folder)/access.log")
                let other = try self.authority.issue("b.example", subject: "bob")
                try await self.withGateway(route: route, accessLog: log) { gateway, upstream in
                    let responses = [
                        try await self.get(gateway, self.certificate, "X-User: root"),
                        try await self.get(gateway, self.certificate), try await self.get(gateway, other),
                        try await self.get(gateway, nil), try await gateway.get("/"),
                    ]
                    let statuses: [Int] = responses.map(\.status)
                    #expect(statuses == [200, 429, 200, 200, 429] as [Int])
                    #expect(upstream.requests.map { $0["X-User"] } == [#"<CN=ann\, \"boss\">"#, "<CN=bob>", "<>"])
                    #expect(upstream.requests.allSatisfy { $0["X-Scheme"] == "https" })
                }
                let lines = try String(contentsOfFile: "\(folder)/access.log", encoding: .utf8).split(separator: "\n")
                #expect(lines.count == 5)
                #expect(lines[0].contains(#""tls":{"version":"1.3","cipher":"TLS_"#))
                #expect(lines[0].contains(#""client_subject":"CN=ann\\, \\\"boss\\\"","resumed":"#))
                #expect(!lines[3].contains("client_subject"))
                #expect(!lines[4].contains("\"tls\""))
            }
        }

        @Test func `what upstreams and clients are told depends on TLS`() async throws {
            try await self.withGateway(server: "forwarded = \"both\"") { gateway, upstream in
                let secured = try await self.get(gateway, nil)
                let plain = try await gateway.get("/")
                #expect(secured["Strict-Transport-Security"] == "max-age=31536000")
                #expect(plain["Strict-Transport-Security"] == nil)
                let told = upstream.requests
                #expect(told.map { $0["X-Forwarded-Proto"] } == ["https", "http"])
                #expect(told.map { $0["X-Forwarded-Port"] } == ["443", "80"])
                #expect(told[0]["Forwarded"]?.contains("proto=https") == true)
                #expect(told[1]["Forwarded"]?.contains("proto=http;") == true)
                // RFC 9110 section 7.4: an https URL needs a secured connection.
                let target = "GET https://a.example/b HTTP/1.1\r\nHost: a.example\r\n\r\n"
                #expect(try await gateway.exchange(target).status == 421)
            }
        }
    }
}
