import Foundation
import NIOCore
import NIOSSL
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings
@testable import GatewayTLS

extension EndToEnd {
    /// TLS towards clients.
    @Suite struct ClientTLSTests {
        private static let get = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"

        private let authority: TestAuthority
        private let folder: Folder

        /// The files of a test: `a.pem` for a.example, `b.pem` for b.example and its subdomains, `ca.pem`.
        private final class Folder {
            let path = "/tmp/gateway-tls-\(UUID().uuidString)"

            init(_ authority: TestAuthority) throws {
                try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
                try authority.issue("a.example").write(as: "a", to: self.path)
                try authority.issue("b.example", "*.b.example").write(as: "b", to: self.path)
                try authority.pem.write(to: "\(self.path)/ca.pem")
            }

            deinit { try? FileManager.default.removeItem(atPath: self.path) }
        }

        init() throws {
            self.authority = try TestAuthority()
            self.folder = try Folder(self.authority)
        }

        private func toml(_ tls: String = "", server: String = "", limits: String = "") -> String {
            let files = self.folder.path
            return """
                [server]
                \(server)
                [server.limits]
                \(limits)
                [server.tls]
                certificate = "\(files)/a.pem"
                key = "\(files)/a.key"
                \(tls.replacing("FOLDER", with: files))
                [[server.tls.certificates]]
                certificate = "\(files)/b.pem"
                key = "\(files)/b.key"
                [[routes]]
                name = "all"
                path = "/*"
                redirect = { to = "{scheme}://x.example/", status = 302 }
                """
        }

        private func withSecureGateway<R>(
            _ tls: String = "",
            server: String = "",
            limits: String = "",
            listen: [ListenAddress] = [.host("127.0.0.1", port: 0)],
            log: LogLines = LogLines(),
            _ body: (RunningGateway) async throws -> R
        ) async throws -> R {
            try await withGateway(
                self.toml(tls, server: server, limits: limits),
                listen: listen,
                admin: .address(.host("127.0.0.1", port: 0)),
                log: log.logger,
                body
            )
        }

        /// What a client brings to the handshake.
        private struct Client {
            var name: String?
            var certificate: TestCertificate?
            var version = NIOSSL.TLSVersion.tlsv13
        }

        private func client(
            _ name: String? = "a.example",
            certificate: TestCertificate? = nil,
            version: NIOSSL.TLSVersion = .tlsv13
        ) -> Client {
            Client(name: name, certificate: certificate, version: version)
        }

        private func connect(_ gateway: RunningGateway, _ client: Client) async throws -> RawConnection {
            let security = try SecureClient(
                trusting: self.authority,
                serverName: client.name,
                certificate: client.certificate
            ) {
                $0.maximumTLSVersion = client.version
                // The name is checked too, so that a wrong certificate fails the test.
                if client.name != nil { $0.certificateVerification = .fullVerification }
            }
            return try await gateway.connect(security: security)
        }

        private func answer(_ gateway: RunningGateway, _ client: Client) async throws -> Message {
            let connection = try await self.connect(gateway, client)
            defer { connection.close() }
            try await connection.send(Self.get)
            return try await connection.finalResponse()
        }

        private func expectAnswer(
            _ gateway: RunningGateway,
            _ client: Client,
            at location: SourceLocation = #_sourceLocation
        ) async throws {
            let response = try await self.answer(gateway, client)
            #expect(response.status == 302, sourceLocation: location)
            #expect(response["Location"] == "https://x.example/", sourceLocation: location)
        }

        private func expectRefusal(
            _ gateway: RunningGateway,
            _ client: Client,
            at location: SourceLocation = #_sourceLocation
        ) async throws {
            // A connection that has ended already cannot be found.
            guard let connection = try? await self.connect(gateway, client) else { return }
            defer { connection.close() }
            try? await connection.send(Self.get)
            let received = try await connection.rest().text
            #expect(received == "", sourceLocation: location)
        }

        private func expectHandshake(
            _ version: String,
            _ result: String,
            _ gateway: RunningGateway,
            at location: SourceLocation = #_sourceLocation
        ) async throws {
            let metrics = try await gateway.admin("GET /metrics").text
            let isCounted = metrics.split(separator: "\n").contains {
                $0.hasPrefix("gateway_tls_handshakes_total{")
                    && $0.contains("version=\"\(version)\",result=\"\(result)\"}")
            }
            #expect(isCounted, sourceLocation: location)
        }

        @Test(arguments: [NIOSSL.TLSVersion.tlsv12, .tlsv13])
        func `requests are answered over TLS`(version: NIOSSL.TLSVersion) async throws {
            try await self.withSecureGateway { gateway in
                let response = try await self.answer(gateway, self.client(version: version))
                #expect(response.status == 302)
                #expect(response["Location"] == "https://x.example/")
                try await self.expectHandshake(version == .tlsv12 ? "1.2" : "1.3", "ok", gateway)
                let metrics = try await gateway.admin("GET /metrics").text
                let name = "name=\"\(self.folder.path)/b.pem\""
                #expect(metrics.contains("gateway_tls_certificate_expiry_timestamp_seconds{\(name)}"))
            }
        }

        @Test(arguments: ["a.example", "b.example", "x.b.example"])
        func `the name that the client asks for chooses the certificate`(name: String) async throws {
            try await self.withSecureGateway { gateway in
                try await self.expectAnswer(gateway, self.client(name))
            }
        }

        @Test func `the first certificate is for all other names, and for clients that ask for none`() async throws {
            try await self.withSecureGateway { gateway in
                try await self.expectAnswer(gateway, self.client(nil))
                try await self.expectRefusal(gateway, self.client("x.y.b.example"))
            }
        }

        /// A ClientHello for a name and a protocol.
        private func hello(_ name: String?, _ protocols: [String]) -> [UInt8] {
            func vector(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
                (0..<size).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
            }
            var extensions: [UInt8] = []
            if let name { extensions += [0, 0] + vector(vector([0] + vector(Array(name.utf8), 2), 2), 2) }
            if !protocols.isEmpty {
                extensions += [0, 16] + vector(vector(protocols.flatMap { vector(Array($0.utf8), 1) }, 2), 2)
            }
            let body =
                [3, 3] + [UInt8](repeating: 7, count: 32) + [0] + vector([0xC0, 0x2F], 2) + [1, 0]
                + vector(extensions, 2)
            return [22, 3, 1] + vector([1] + vector(body, 3), 2)
        }

        @Test func `a handshake that cannot succeed ends with the alert that says why`() async throws {
            let alerts: [(hello: [UInt8], alert: UInt8)] = [
                (self.hello("a.example", ["spdy/1"]), 120), (self.hello("other.example", []), 112),
                (self.hello(nil, []), 112), ([22, 3, 1, 0, 5, 1, 0, 0, 1, 0], 50),
            ]
            try await self.withSecureGateway("strict_sni = true") { gateway in
                for (hello, alert) in alerts {
                    let connection = try await gateway.connect()
                    // Both segments must be read before the handshake is refused.
                    try await connection.send(hello, splitAt: [hello.count / 2])
                    #expect(try await connection.bytes(7) == [21, 3, 3, 0, 2, 2, alert])
                    #expect(try await connection.rest().text == "")
                    connection.close()
                }
                try await self.expectHandshake("none", "failed", gateway)
            }
        }

        @Test func `a strict listener serves the hosts of the connection's certificate alone`() async throws {
            try await self.withSecureGateway("strict_sni = true") { gateway in
                let connection = try await self.connect(gateway, self.client())
                defer { connection.close() }
                for (host, status) in [("a.example", 302), ("A.EXAMPLE.:443", 302), ("b.example", 421)] {
                    try await connection.send("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                    #expect(try await connection.finalResponse().status == status, "\(host)")
                }
            }
        }

        @Test func `plain HTTP on a port for TLS is answered with an error that says so`() async throws {
            try await self.withSecureGateway { gateway in
                let connection = try await gateway.connect()
                defer { connection.close() }
                try await connection.send(Self.get)
                let response = try await connection.finalResponse()
                #expect(response.status == 400)
                #expect(response.text.contains("HTTPS"))
                #expect(response["Connection"] == "close")
            }
        }

        @Test func `TLS on a plain port is closed without a byte`() async throws {
            let plain = ListenAddress(.host("127.0.0.1", port: 0), scheme: .http)
            try await self.withSecureGateway(listen: [plain, .host("127.0.0.1", port: 0)]) { gateway in
                let hello = self.hello("a.example", ["http/1.1"])
                for sent in [hello, Array(hello[..<3])] {
                    let connection = try await gateway.connect()
                    defer { connection.close() }
                    try await connection.send(bytes: sent)
                    #expect(try await connection.rest().text == "")
                }
                let response = try await gateway.get("/")
                #expect(response["Location"] == "http://x.example/")
            }
        }

        @Test func `clients need a certificate of the authority`() async throws {
            let eve = try TestAuthority("Other").issue("eve")
            let own = try self.authority.issue("ann", subject: "ann")
            try await self.withSecureGateway("client_ca = \"FOLDER/ca.pem\"") { gateway in
                for version in [NIOSSL.TLSVersion.tlsv12, .tlsv13] {
                    let trusted = self.client(certificate: own, version: version)
                    try await self.expectAnswer(gateway, trusted)
                    try await self.expectRefusal(gateway, self.client(version: version))
                    let foreign = self.client(certificate: eve, version: version)
                    try await self.expectRefusal(gateway, foreign)
                }
            }
        }

        @Test func `with request, clients may lack a certificate but not have a bad one`() async throws {
            let eve = try TestAuthority("Other").issue("eve")
            try await self.withSecureGateway("client_ca = \"FOLDER/ca.pem\"\nclient_auth = \"request\"") { gateway in
                try await self.expectAnswer(gateway, self.client())
                try await self.expectRefusal(gateway, self.client(certificate: eve))
            }
        }

        @Test func `a client that does not complete its handshake in time is closed`() async throws {
            try await self.withSecureGateway("handshake_timeout = \"50ms\"") { gateway in
                let slow = try await gateway.connect()
                defer { slow.close() }
                try await slow.send(bytes: Array(self.hello("a.example", ["http/1.1"]).dropLast()))
                #expect(try await slow.rest().text == "")
                try await self.expectHandshake("none", "timeout", gateway)
            }
        }

        @Test func `a connection counts while its handshake lasts`() async throws {
            func idle(_ count: Int, _ gateway: RunningGateway) async throws {
                try await eventuallyAsync("\(count) connections") {
                    let metrics = (try? await gateway.admin("GET /metrics").text) ?? ""
                    return metrics.contains("state=\"idle\"} \(count)\n")
                }
            }
            try await self.withSecureGateway(limits: "connections = 1") { gateway in
                let slow = try await gateway.connect()
                defer { slow.close() }
                try await slow.send(bytes: [22, 3, 1])
                try await idle(1, gateway)
                try await self.expectRefusal(gateway, self.client())
                slow.close()
                try await idle(0, gateway)
                try await self.expectAnswer(gateway, self.client())
            }
        }

        @Test func `renewed certificates are used, and a bad pair is not`() async throws {
            let log = LogLines()
            try await self.withSecureGateway("refresh = \"1h\"", log: log) { gateway in
                let open = try await self.connect(gateway, self.client())
                defer { open.close() }
                try await open.send(Self.get)
                _ = try await open.finalResponse()
                let watch = try #require(gateway.server.runtime?.certificates)
                let before = try #require(watch.reports.first?.certificate.chain)

                try self.authority.issue("a.example", subject: "new").write(as: "a", to: self.folder.path)
                watch.look()
                let after = try #require(watch.reports.first?.certificate.chain)
                #expect(before != after)
                try await self.expectAnswer(gateway, self.client())

                try self.authority.issue("a.example").key.write(to: "\(self.folder.path)/a.key")
                watch.look()
                #expect(watch.reports.first?.rejection == nil)
                watch.look()
                let rejection = try #require(watch.reports.first?.rejection)
                #expect(rejection.hasSuffix("a.key: the private key belongs to another certificate"))
                #expect(log.lines.contains { $0.hasPrefix("error certificate rejected") })
                #expect(watch.reports.first?.certificate.chain == after)
                try await self.expectAnswer(gateway, self.client())

                try await open.send(Self.get)
                #expect(try await open.finalResponse().status == 302)
            }
        }

        @Test func `a reload that cannot read a certificate changes nothing`() async throws {
            try await self.withSecureGateway { gateway in
                try "no certificate".write(to: "\(self.folder.path)/b.pem")
                do {
                    _ = try await gateway.reload(self.toml())
                    Issue.record("the reload was not refused")
                } catch let error as ConfigurationErrors {
                    #expect(error.errors.map(\.key) == ["server.tls.certificates[0].certificate"])
                    #expect(error.description.contains("b.pem\": the file contains no PEM certificate"))
                }
                try await self.expectAnswer(gateway, self.client("b.example"))
            }
        }

        @Test func `a reload switches a listener between plain and TLS without closing it`() async throws {
            try await self.withSecureGateway { gateway in
                try await self.expectAnswer(gateway, self.client())
                _ = try await gateway.reload(
                    "[[routes]]\nname = \"all\"\npath = \"/*\"\nredirect = { to = \"{scheme}://x.example/\", status = 302 }"
                )
                let plain = try await gateway.get("/")
                #expect(plain["Location"] == "http://x.example/")
                _ = try await gateway.reload(self.toml())
                try await self.expectAnswer(gateway, self.client())
            }
        }

        @Test func `sessions resume after a renewal and a reload, but not under another authority`() async throws {
            guard ChildProcess.find("openssl") != nil else { return }
            let session = "\(self.folder.path)/session"
            try await self.withSecureGateway { gateway in
                func handshake(_ option: String) async throws {
                    let process = try ChildProcess(
                        "openssl",
                        "s_client",
                        "-connect",
                        "127.0.0.1:\(gateway.port)",
                        "-servername",
                        "a.example",
                        "-tls1_2",
                        option,
                        session
                    )
                    try await eventually("openssl ends") { process.hasEnded }
                }
                try await handshake("-sess_out")
                try self.authority.issue("a.example").write(as: "a", to: self.folder.path)
                gateway.server.runtime?.certificates.look()
                _ = try await gateway.reload(self.toml("handshake_timeout = \"5s\""))
                try await handshake("-sess_in")
                try await self.expectHandshake("1.2", "resumed", gateway)
                let context = try #require(gateway.server.runtime?.certificates.tls)
                let tls = "client_ca = \"FOLDER/ca.pem\"\nclient_auth = \"request\""
                _ = try await gateway.reload(self.toml(tls))
                let other = try #require(gateway.server.runtime?.certificates.tls)
                #expect(context.certificates !== other.certificates)
            }
        }

        @Test func `a response that breaks off is not ended as if it were whole`() async throws {
            let isRead = Signal()
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.connection.request()
                let piece = String(repeating: "x", count: 1000)
                // Too large to be collected for an entity tag.
                try await session.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n\(piece)")
                try await isRead.wait()
                session.connection.close()
            }
            try await withUpstream(script) { upstream in
                let files = self.folder.path
                let tls = "[server.tls]\ncertificate = \"\(files)/a.pem\"\nkey = \"\(files)/a.key\""
                try await withGateway(proxy(to: upstream.url, more: tls)) { gateway in
                    let connection = try await self.connect(gateway, self.client())
                    defer { connection.close() }
                    try await connection.send(Self.get)
                    _ = try await connection.head()
                    _ = try await connection.bytes(1000)
                    isRead.fire()
                    let (text, end) = try await connection.rest()
                    #expect(text == "")
                    #expect(end == .reset)
                }
            }
        }
    }
}
