import NIOCore
import Testing

extension EndToEnd {
    /// The load of an upstream that fails all requests.
    @Suite struct RetryBudgetTests {
        private static let unavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"

        @Test(arguments: ["answers with 503", "closes the connection"])
        func `retries add at most a fifth to the load during an outage`(upstream: String) async throws {
            let (clients, requests) = (32, 40)
            let script = playing { session in
                if upstream == "answers with 503" { return try await session.serve { _ in Self.unavailable } }
                _ = try await session.request()
            }
            try await withProxy(
                script,
                route: "[routes.retry]\nattempts = 3\nbackoff = \"1ms\"",
                more: "[admin]\nexpose = [\"/metrics\"]",
                workers: 4
            ) { gateway, upstream in
                let begun = ContinuousClock.now
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<clients {
                        group.addTask {
                            let client = try await gateway.connect()
                            defer { client.close() }
                            for _ in 0..<requests {
                                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                                let response = try await client.response()
                                #expect(response.status == 503 || response.status == 502)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let seconds = Int((ContinuousClock.now - begun).components.seconds) + 2
                let count = clients * requests
                #expect(upstream.requests.count > count)
                #expect(upstream.requests.count <= count + count / 5 + 3 * seconds)
                let metrics = try await gateway.get("/metrics").text
                #expect(
                    metrics.contains("gateway_upstream_retries_total{upstream=\"api\",reason=\"budget_exhausted\"}")
                )
            }
        }
    }
}
