import Testing

extension EndToEnd {
    /// One ID for the client, the upstream and every error.
    @Suite struct RequestIDTests {
        private static var id: Regex<Substring> {
            /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        }

        @Test func `upstream and client receive the same ID, a new one per request`() async throws {
            try await withProxy(serving { _ in ok() }) { gateway, upstream in
                var seen: Set<String> = []
                for _ in 0..<10 {
                    let id = try #require(try await gateway.get("/")["X-Request-ID"])
                    #expect(id.wholeMatch(of: Self.id) != nil, "\(id)")
                    #expect(upstream.requests.last?.all("X-Request-ID") == [id])
                    seen.insert(id)
                }
                #expect(seen.count == 10)
            }
        }

        @Test(arguments: [
            ("\"trusted\"", "", "abc", false), ("\"trusted\"", "trusted_proxies = [\"127.0.0.1/32\"]", "abc", true),
            ("\"always\"", "", "a.B_c~1-2", true), ("\"never\"", "trusted_proxies = [\"127.0.0.1/32\"]", "abc", false),
            ("\"always\"", "", "a b", false), ("\"always\"", "", "a\"b", false),
            ("\"always\"", "", String(repeating: "a", count: 128), true),
            ("\"always\"", "", String(repeating: "a", count: 129), false),
        ])
        func `an ID is accepted from trusted clients`(
            _ accept: String,
            _ server: String,
            _ given: String,
            _ isTaken: Bool
        ) async throws {
            try await withProxy(
                serving { _ in ok("", "X-Request-ID: upstream's") },
                server: server,
                more: "[middleware.request_id]\naccept = \(accept)\naliases = [\"X-Correlation-ID\"]"
            ) { gateway, upstream in
                let response = try await gateway.get("/", "X-Request-ID: \(given)")
                let id = try #require(response["X-Request-ID"])
                #expect((id == given) == isTaken)
                #expect(response["X-Correlation-ID"] == id)
                #expect(upstream.requests.first?.all("X-Request-ID") == [id])
                #expect(upstream.requests.first?.all("X-Correlation-ID") == [id])
            }
        }

        @Test func `errors contain the ID in the body too`() async throws {
            try await withGateway("[[routes]]\npath = \"/a\"\nrespond = { status = 200 }") { gateway in
                let response = try await gateway.get("/b")
                #expect(response.status == 404)
                let id = try #require(response["X-Request-ID"])
                #expect(response.text.contains("\"request_id\":\"\(id)\""))
                #expect(response.text.contains("\"instance\":\"/b\""))
                #expect(response["Proxy-Status"]?.hasPrefix("gateway; error=") == true)
            }
        }

        private static let trace = "0af7651916cd43dd8448eb211c80319c"
        private static let parent = "00-\(trace)-b7ad6b7169203331-01"

        @Test(arguments: [
            ("trusted_proxies = [\"127.0.0.1/32\"]", [parent], true), ("", [parent], false),
            ("trusted_proxies = [\"127.0.0.1/32\"]", [parent, parent], false),
            ("trusted_proxies = [\"127.0.0.1/32\"]", ["00-\(trace)-0000000000000000-01"], false),
            ("trusted_proxies = [\"127.0.0.1/32\"]", [parent.uppercased()], false),
            ("trusted_proxies = [\"127.0.0.1/32\"]", ["01-\(trace)-b7ad6b7169203331-01-more"], true),
            ("trusted_proxies = [\"127.0.0.1/32\"]", ["00-\(trace)-b7ad6b7169203331-00"], true), ("", [], false),
        ])
        func `a trusted peer's trace is continued, otherwise a new one starts (W3C Trace Context)`(
            _ server: String,
            _ given: [String],
            _ goesOn: Bool
        ) async throws {
            try await withProxy(serving { _ in ok() }, server: server) { gateway, upstream in
                let lines = given.map { "traceparent: \($0)\r\n" }.joined()
                _ = try await gateway.exchange(
                    "GET / HTTP/1.1\r\nHost: a\r\n\(lines)tracestate: a=1,b=2\r\nbaggage: user=7\r\n\r\n"
                )
                let request = try #require(upstream.requests.first)
                let sent = request.all("traceparent")
                #expect(sent.count == 1)
                #expect(sent.first?.wholeMatch(of: /00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/) != nil, "\(sent)")
                #expect(sent.first?.contains(Self.trace) == goesOn)
                #expect(sent.first?.contains("b7ad6b7169203331") == false)
                // A trusted peer's sampling decision is forwarded. Traces that start here are never sampled.
                #expect(sent.first?.suffix(3) == (goesOn ? given[0].dropFirst(52).prefix(3) : "-00"))
                #expect(request["tracestate"] == (goesOn ? "a=1,b=2" : nil))
                #expect(request["baggage"] == "user=7")
            }
        }
    }
}
