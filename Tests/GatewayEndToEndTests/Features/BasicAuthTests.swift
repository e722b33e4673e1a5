import Foundation
import NIOCore
import Testing

extension EndToEnd {
    /// Names and passwords (RFC 7617), with hashes that are quick to compute.
    @Suite struct BasicAuthTests {
        /// The password is `secret`.
        private static let bcrypt = "$2y$04$jZ9TyE.Vo80JId/xauRzX.GQ3u6ZVnvhM64e89fr1BoZSkzNdeRVe"
        /// The password is `pässwörd: 100%`.
        private static let sha256 = "$5$rounds=1000$openssl$dEb8.dFAIZvP9ISPuvV4hqtQ.IxZ/Ebs/hsmmTI3AA4"

        private static let route = """
            upgrade = ["websocket"]
            auth.any = ["basic"]
            headers.request.set = { X-User = "{consumer}" }
            """
        private static let users = """
            [auth.basic.users]
            ann = "\(bcrypt)"
            bob = { password = "\(sha256)", plan = "gold", scope = ["read"] }
            """

        private static func field(_ name: String, _ password: String, scheme: String = "Basic") -> String {
            "Authorization: \(scheme) \(Data("\(name):\(password)".utf8).base64EncodedString())"
        }

        @Test func `a user passes by name, and the password goes no further`() async throws {
            try await withProxy(serving { ok($0["X-User"] ?? "") }, route: Self.route, more: Self.users) {
                gateway,
                upstream in
                for _ in 0..<2 {
                    let ann = try await gateway.get("/", Self.field("ann", "secret"))
                    let bob = try await gateway.get("/", Self.field("bob", "pässwörd: 100%", scheme: "bASIC"))
                    #expect(ann.text == "ann" && bob.text == "bob")
                }
                #expect(upstream.requests.allSatisfy { $0["Authorization"] == nil })
            }
        }

        @Test func `with forward, the upstream receives the password`() async throws {
            let more = "[auth.basic]\nforward = true\n" + Self.users
            try await withProxy(serving { ok($0["Authorization"] ?? "") }, route: Self.route, more: more) {
                gateway,
                _ in
                let response = try await gateway.get("/", Self.field("ann", "secret"))
                #expect(response.text == "Basic YW5uOnNlY3JldA==")
            }
        }

        @Test func `everybody else gets 401 with the same challenge`() async throws {
            try await withProxy(serving { _ in ok() }, route: Self.route, more: Self.users) { gateway, upstream in
                let missing = try await gateway.get("/")
                for fields in [
                    "X-Nothing: 1", Self.field("ann", "Secret"), Self.field("ann", ""), Self.field("Ann", "secret"),
                    Self.field("nobody", "secret"), Self.field("", ""), Self.field("ann", "secret\u{301}"),
                    Self.field("ann", String(repeating: "x", count: 600)), "Authorization: Bearer secret",
                    "Authorization: Basicx YW5uOnNlY3JldA==",
                ] {
                    let response = try await gateway.get("/", fields)
                    #expect(response.status == 401, "\(fields)")
                    #expect(response["WWW-Authenticate"] == "Basic realm=\"all\", charset=\"UTF-8\"")
                    #expect(response.body.count == missing.body.count)
                }
                #expect(upstream.requests.isEmpty)
            }
        }

        @Test func `what cannot be read, and two fields, are 400`() async throws {
            try await withProxy(serving { _ in ok() }, route: Self.route, more: Self.users) { gateway, upstream in
                let right = Self.field("ann", "secret")
                for fields in [
                    "Authorization: Basic", "Authorization: Basic ???", "Authorization: Basic YW5uOnNlY3JldA",
                    "Authorization: Basic YW5u", Self.field("ann", "sec\u{0}ret"),
                    Self.field("ann", "sec\nret"), "\(right)\r\n\(right)", "\(right)\r\nAuthorization: Bearer x",
                    "Authorization: Bearer x\r\n\(right)",
                ] {
                    let response = try await gateway.get("/", fields)
                    #expect(response.status == 400, "\(fields)")
                }
                #expect(upstream.requests.isEmpty)
            }
        }

        @Test func `requests in a pipeline wait for the passwords before them`() async throws {
            try await withProxy(serving { ok($0["X-User"] ?? "") }, route: Self.route, more: Self.users) { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                let fields = [
                    Self.field("ann", "secret"), Self.field("ann", "wrong"), Self.field("bob", "pässwörd: 100%"),
                    Self.field("ann", "secret"),
                ]
                try await client.send(fields.map { "GET / HTTP/1.1\r\nHost: a\r\n\($0)\r\n\r\n" }.joined())
                var statuses: [Int] = []
                for _ in fields { statuses.append(try await client.finalResponse().status) }
                #expect(statuses == [200, 401, 200, 200])
            }
        }

        @Test func `many requests with many passwords at once get the right answers`() async throws {
            try await withProxy(
                serving { ok($0["X-User"] ?? "") },
                route: Self.route + "\nauth.failures = \"off\"",
                more: Self.users,
                workers: 2
            ) { gateway, _ in
                try await withThrowingTaskGroup(of: (Int, Int).self) { group in
                    for number in 0..<40 {
                        group.addTask {
                            let password = number.isMultiple(of: 2) ? "secret" : "wrong\(number)"
                            return (number, try await gateway.get("/", Self.field("ann", password)).status)
                        }
                    }
                    for try await (number, status) in group {
                        #expect(status == (number.isMultiple(of: 2) ? 200 : 401))
                    }
                }
            }
        }

        @Test func `a client that leaves while its password waits does no harm`() async throws {
            try await withProxy(
                serving { _ in ok() },
                route: Self.route + "\nauth.failures = \"off\"",
                more: Self.users
            ) {
                gateway,
                _ in
                for number in 0..<20 {
                    let client = try await gateway.connect()
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\(Self.field("ann", "left\(number)"))\r\n\r\n")
                    try await client.reset()
                }
                #expect(try await gateway.get("/", Self.field("ann", "secret")).status == 200)
            }
        }

        @Test func `passwords are checked over HTTP/2`() async throws {
            try await withProxy(serving { ok($0["X-User"] ?? "") }, route: Self.route, more: Self.users) { gateway, _ in
                let client = try await FrameClient.connect(to: gateway)
                defer { client.close() }
                func fields(_ password: String) -> [(String, String)] {
                    let value = Data("ann:\(password)".utf8).base64EncodedString()
                    return FrameClient.request("GET", "/", ("authorization", "Basic \(value)"))
                }
                try await client.send(client.headers(fields("wrong"), on: 1))
                let refused = try await client.answer()
                #expect(refused.status == 401)
                #expect(refused.fields.contains("www-authenticate: Basic realm=\"all\", charset=\"UTF-8\""))
                try await client.send(client.headers(fields("secret"), on: 3))
                let accepted = try await client.answer(on: 3)
                #expect(accepted.status == 200 && accepted.body == "ann")
            }
        }

        @Test func `a WebSocket opens for users only`() async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                try await session.send(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
                )
            }
            try await withProxy(script, route: Self.route, more: Self.users) { gateway, _ in
                func open(_ field: String) async throws -> String {
                    let client = try await gateway.connect()
                    defer { client.close() }
                    try await client.send(
                        "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\(field)\r\n\r\n"
                    )
                    return String(try await client.head().prefix(13))
                }
                let refused = try await open(Self.field("ann", "wrong"))
                let opened = try await open(Self.field("ann", "secret"))
                #expect(refused == "HTTP/1.1 401 ")
                #expect(opened == "HTTP/1.1 101 ")
            }
        }
    }
}
