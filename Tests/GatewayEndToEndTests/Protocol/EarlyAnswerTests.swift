import NIOCore
import Testing

extension EndToEnd {
    /// Responses sent before the end of the request body: the rest is read, or the response announces the close and
    /// the connection closes.
    @Suite struct EarlyAnswerTests {
        /// One response of each kind that the gateway sends without reading a body. Timeouts are long, so that a
        /// connection can only close because of the response.
        private static let toml = """
            [server.limits]
            header_timeout = "10m"
            [middleware.timeout]
            idle = "100ms"
            [upstreams.api]
            targets = ["http://127.0.0.1:1"]
            [[routes]]
            path = "/respond"
            respond = { status = 200, body = "done" }
            [[routes]]
            path = "/redirect"
            redirect = { to = "/respond", status = 308 }
            [[routes]]
            path = "/forbidden"
            respond = { status = 200 }
            [routes.ip]
            deny = ["127.0.0.0/8"]
            [[routes]]
            path = "/limited"
            respond = { status = 200 }
            [routes.rate_limit]
            limit = "1/day"
            [[routes]]
            path = "/small"
            upstream = "api"
            [routes.limits]
            body = "1000B"
            [[routes]]
            path = "/gone"
            upstream = "api"
            """

        private static func post(_ target: String, _ fields: String) -> String {
            "\(target == "/trace" ? "TRACE" : "POST") \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n"
        }

        /// The response to a request whose body has not been sent completely.
        private static func expectEnd(_ gateway: RunningGateway, _ request: String, _ status: Int) async throws {
            let client = try await gateway.connect()
            try await client.send(request)
            let response = try await client.response()
            #expect(response.status == status, "\(request)")
            #expect(response["Connection"] == "close", "\(request)")
            #expect(try await client.rest().end == .finished)
            // Bytes still in flight do not cause a reset, which would discard the response.
            try await client.send("5\r\nhello\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            client.close()
        }

        private static let answers = [
            ("/respond", 200), ("/redirect", 308), ("/forbidden", 403), ("/limited", 429), ("/nowhere", 404),
            ("/trace", 405), ("/%", 400), ("/gone", 502),
        ]

        @Test func `the rest of a short body is read, and the connection is kept`() async throws {
            try await withGateway(Self.toml) { gateway in
                _ = try await gateway.get("/limited")
                for (target, status) in Self.answers where target != "/gone" {
                    for length in [5, 256 << 10] {
                        let client = try await gateway.connect()
                        try await client.send(Self.post(target, "Content-Length: \(length)"))
                        let response = try await client.response()
                        #expect(response.status == status)
                        #expect(response["Connection"] == nil, "\(target)")
                        try await client.send(String(repeating: "G", count: length))
                        try await client.send("GET /respond HTTP/1.1\r\nHost: a\r\n\r\n")
                        #expect(try await client.response().text == "done")
                        client.close()
                    }
                }
            }
        }

        @Test func `a chunked body that has arrived completely is dropped, and the connection kept`() async throws {
            try await withGateway(Self.toml) { gateway in
                _ = try await gateway.get("/limited")
                for (target, status) in Self.answers {
                    let client = try await gateway.connect()
                    let body = "5\r\nhello\r\n0\r\nX: y\r\n\r\n"
                    let next = "GET /respond HTTP/1.1\r\nHost: a\r\n\r\n"
                    try await client.send(Self.post(target, "Transfer-Encoding: chunked") + body + next)
                    let response = try await client.response()
                    #expect(response.status == status)
                    #expect(response["Connection"] == nil, "\(target)")
                    #expect(try await client.response().text == "done")
                    client.close()
                }
            }
        }

        @Test(arguments: [
            "Content-Length: \((256 << 10) + 1)", "Transfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
            "Content-Length: 5\r\nExpect: 100-continue", "Transfer-Encoding: chunked\r\nExpect: 100-continue",
            "Transfer-Encoding: chunked\r\n\r\nno chunk",
        ])
        func `a body that will not be read closes the connection`(fields: String) async throws {
            try await withGateway(Self.toml) { gateway in
                _ = try await gateway.get("/limited")
                for (target, status) in Self.answers where target != "/gone" {
                    try await Self.expectEnd(gateway, Self.post(target, fields), status)
                }
            }
        }

        @Test(arguments: [
            "Content-Length: 1001", "Content-Length: 1000000", "Content-Length: 1001\r\nExpect: 100-continue",
        ])
        func `a 413 for a declared length closes the connection`(fields: String) async throws {
            try await withGateway(Self.toml) { gateway in
                try await Self.expectEnd(gateway, Self.post("/small", fields), 413)
            }
        }

        /// Reads the request's head and chunks, and never answers.
        private static let silent: ScriptedUpstream.Script = { _ = try await $0.connection.rest() }

        @Test func `a 413 for a body that grows too large closes the connection`() async throws {
            try await withProxy(Self.silent, more: "[routes.limits]\nbody = \"10B\"") { gateway, upstream in
                let request = Self.post("/", "Transfer-Encoding: chunked") + "b\r\nhello world\r\n"
                try await Self.expectEnd(gateway, request, 413)
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
            }
        }

        @Test(arguments: [
            "Content-Length: 10", "Transfer-Encoding: chunked", "Content-Length: 10\r\n\r\nhello",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ])
        func `a 408 for a stalled body closes the connection`(fields: String) async throws {
            let more = "[middleware.timeout]\nidle = \"100ms\""
            let limits = "header_timeout = \"10m\""
            try await withProxy(Self.silent, limits: limits, more: more) { gateway, _ in
                let request =
                    "POST / HTTP/1.1\r\nHost: a\r\n\(fields)" + (fields.contains("\r\n\r\n") ? "" : "\r\n\r\n")
                try await Self.expectEnd(gateway, request, 408)
            }
        }

        @Test(arguments: ["Content-Length: 1000000", "Transfer-Encoding: chunked"])
        func `an early response from the upstream closes the connection`(fields: String) async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.connection.head()
                try await session.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
                _ = try await session.connection.rest()
            }
            try await withProxy(script, limits: "header_timeout = \"10m\"") { gateway, upstream in
                try await Self.expectEnd(gateway, Self.post("/", fields), 401)
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
            }
        }

        @Test func `a client that never sends the rest of a short body is closed without a reset`() async throws {
            let toml = Self.toml.replacing("\"10m\"", with: "\"100ms\"")
            try await withGateway(toml) { gateway in
                let client = try await gateway.connect()
                try await client.send(Self.post("/respond", "Content-Length: 5"))
                #expect(try await client.response().text == "done")
                #expect(try await client.rest().end == .finished)
                try await client.send("hello")
                client.close()
            }
        }
    }
}
