import Testing

extension EndToEnd {
    /// How many requests of a route may be in progress at once.
    @Suite struct ConcurrencyTests {
        private static let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

        @Test func `exactly as many as configured are forwarded, the others get 503 at once`() async throws {
            let release = Signal()
            try await withProxy(
                serving { _ in
                    try await release.wait()
                    return ok()
                },
                route: "[routes.concurrency]\nmax_in_flight = 3",
                workers: 2
            ) { gateway, upstream in
                var clients: [RawConnection] = []
                for _ in 0..<3 {
                    let client = try await gateway.connect()
                    try await client.send(Self.request)
                    clients.append(client)
                }
                try await eventually("all are in progress") { upstream.requests.count == 3 }
                for _ in 0..<6 {
                    let refused = try await gateway.exchange(Self.request)
                    #expect(refused.status == 503)
                    #expect(refused.code == "overloaded")
                    #expect(refused["Retry-After"] == "1")
                    #expect(refused["X-Request-ID"] != nil)
                }
                release.fire()
                for client in clients { #expect(try await client.response().status == 200) }
                #expect(try await gateway.exchange(Self.request).status == 200)
                for client in clients { client.close() }
            }
        }

        @Test func `a client that leaves frees its permit`() async throws {
            try await withProxy(
                playing { session in
                    _ = try await session.request()
                    if session.index > 0 { try await session.send(ok()) }
                    _ = try await session.connection.rest()
                },
                route: "[routes.concurrency]\nmax_in_flight = 1\nadaptive = true"
            ) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send(Self.request)
                try await eventually("it is in progress") { upstream.requests.count == 1 }
                #expect(try await gateway.exchange(Self.request).status == 503)
                try await client.reset()
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
                #expect(try await gateway.exchange(Self.request).status == 200)
            }
        }
    }
}
