import Testing

extension EndToEnd {
    /// 1xx responses, and `Expect` (RFC 9110 sections 10.1.1 and 15.2).
    @Suite struct InformationalTests {
        @Test func `100 and 103 are forwarded, in order`() async throws {
            let answer =
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n"
                + "Connection: X-Hop\r\nX-Hop: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n" + ok("x")
            try await withProxy(serving { _ in answer }) { gateway, _ in
                let client = try await gateway.connect()
                for _ in 0..<2 {
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.response().status == 100)
                    let hints = try await client.response()
                    #expect(hints.status == 103)
                    #expect(hints["Link"] == "</a.css>; rel=preload")
                    #expect(hints["X-Hop"] == nil)
                    #expect(try await client.response()["Link"] == "</b.css>")
                    #expect(try await client.response().text == "x")
                }
                client.close()
            }
        }

        @Test func `an HTTP/1.0 client gets no 1xx (RFC 9110 section 15.2)`() async throws {
            let answer = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + ok("x")
            try await withProxy(serving { _ in answer }) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.0\r\n\r\n")
                let response = try await client.response()
                #expect(response.status == 200)
                #expect(response.text == "x")
            }
        }

        @Test func `Expect is forwarded, 100 comes back, and then the body is sent (RFC 9110 section 10.1.1)`()
            async throws
        {
            let script: ScriptedUpstream.Script = { session in
                let head = try await session.connection.head()
                try await session.send("HTTP/1.1 100 Continue\r\n\r\n")
                let body = try await session.connection.bytes(5)
                let expects = head.lowercased().contains("\r\nexpect: 100-continue\r\n")
                try await session.send(ok("\(expects) " + String(decoding: body, as: UTF8.self)))
                _ = try await session.connection.rest()
            }
            try await withProxy(script) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
                #expect(try await client.response().status == 100)
                try await client.send("hello")
                let response = try await client.response()
                #expect(response.text == "true hello")
                #expect(response["Connection"] == nil)
                client.close()
            }
        }

        @Test func `the client connection closes if the upstream rejects a request before its body`()
            async throws
        {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.connection.head()
                try await session.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno")
                _ = try await session.connection.rest()
            }
            try await withProxy(script) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
                let response = try await client.response()
                #expect(response.status == 417)
                #expect(response.text == "no")
                #expect(response["Connection"] == "close")
                // Further bytes are not parsed as a request.
                try? await client.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.rest().text == "")
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
                #expect(upstream.connections == 1)
            }
        }

        @Test func `a response from the route does not wait for an expected body`() async throws {
            let toml = """
                [[routes]]
                path = "/*"
                respond = { status = 403, body = "no" }
                """
            try await withGateway(toml) { gateway in
                let client = try await gateway.connect()
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
                let response = try await client.response()
                #expect(response.status == 403)
                #expect(response["Connection"] == "close")
                #expect(try await client.rest().text == "")
            }
        }

        @Test func `Expect in HTTP/1.0 is ignored and not forwarded (RFC 9110 section 10.1.1)`() async throws {
            try await withProxy(serving { request in ok(request.text) }) { gateway, upstream in
                let response = try await gateway.exchange(
                    "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello"
                )
                #expect(response.text == "hello")
                #expect(upstream.requests.map { $0["Expect"] } == [nil])
            }
        }

        @Test func `a body sent together with Expect is still read`() async throws {
            try await withProxy(serving { ok($0.text) }) { gateway, _ in
                let client = try await gateway.connect()
                for _ in 0..<2 {
                    try await client.send(
                        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello"
                    )
                    #expect(try await client.finalResponse().text == "hello")
                }
                client.close()
            }
        }

        @Test func `103 contains no field that a final response may not have`() async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                let fields = "Server: s\r\nX-Powered-By: p\r\nX-Internal: i\r\nX-Request-ID: r\r\nLink: </a>\r\n\r\n"
                try await session.send("HTTP/1.1 103 Early Hints\r\n" + fields)
                try await session.send(ok("x"))
            }
            let settings = "[middleware.headers.response]\nremove = [\"X-Internal\"]"
            try await withProxy(script, more: settings) { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.head() == "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
                #expect(try await client.response().text == "x")
            }
        }
    }
}
