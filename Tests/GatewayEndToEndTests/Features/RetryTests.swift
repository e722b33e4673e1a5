import Foundation
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayMiddlewares
@testable import GatewaySettings

extension EndToEnd {
    /// Which failures are retried, and where.
    @Suite struct RetryTests {
        private static let unavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\ndown"
        private static let admin = "[admin]\nexpose = [\"/metrics\"]"
        private static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"

        /// A route with retries that do not wait.
        private static func retry(_ settings: String = "", on: String? = nil) -> String {
            let conditions = on.map { "on = [\($0)]\n" } ?? ""
            return "[routes.retry]\nbackoff = \"0s\"\nbudget = 1.0\n\(conditions)\(settings)"
        }

        /// Answers the first requests with these responses and further ones with 200.
        private static func answering(_ responses: String...) -> ScriptedUpstream.Script {
            let count = NIOLockedValueBox(0)
            return serving { request in
                let index = count.withLockedValue { count in
                    defer { count += 1 }
                    return count
                }
                return index < responses.count ? responses[index] : ok("\(request.method) \(request.text)")
            }
        }

        private static func retries(of gateway: RunningGateway, _ reason: String) async throws -> Int {
            let metrics = try await gateway.get("/metrics").text
            let name = "gateway_upstream_retries_total{upstream=\"api\",reason=\"\(reason)\"} "
            guard let range = metrics.range(of: name) else { return 0 }
            return Int(metrics[range.upperBound...].prefix { $0.isNumber }) ?? 0
        }

        private static func closedPort() async throws -> Int { try await withUpstream(playing { _ in }) { $0.port } }

        @Test(arguments: ["502", "503", "504"])
        func `a status is retried, and the client gets the next answer`(status: String) async throws {
            let failed = "HTTP/1.1 \(status) Failed\r\nContent-Length: 4\r\n\r\ndown"
            try await withProxy(Self.answering(failed), route: Self.retry(), more: Self.admin) { gateway, upstream in
                let response = try await gateway.get("/a")
                #expect(response.status == 200 && response.text == "GET ")
                #expect(upstream.requests.count == 2)
                let retries = try await Self.retries(of: gateway, status)
                #expect(retries == 1)
                let metrics = try await gateway.get("/metrics").text
                #expect(metrics.contains("code=\"\(status)\"} 1\n"), "of the target")
                #expect(
                    !metrics.contains("gateway_http_requests_total{route=\"all\",method=\"GET\",code=\"\(status)\"")
                )
                #expect(!metrics.contains("gateway_errors_total{route=\"all\""))
            }
        }

        @Test func `the client gets the last answer of the upstream once the tries are used up`() async throws {
            let script = Self.answering(Self.unavailable, Self.unavailable, Self.unavailable)
            try await withProxy(
                script,
                route: "[routes.errors]\nnormalize = \"none\"\n" + Self.retry(),
                more: Self.admin
            ) { gateway, upstream in
                let response = try await gateway.get("/")
                #expect(response.status == 503 && response.text == "down")
                #expect(upstream.requests.count == 3)
                let retries = try await Self.retries(of: gateway, "503")
                #expect(retries == 2)
            }
        }

        @Test func `without the middleware, or for another status, nothing is retried`() async throws {
            for route in ["", Self.retry(on: "\"500\", \"504-599\""), Self.retry("attempts = 0")] {
                try await withProxy(Self.answering(Self.unavailable), route: route) { gateway, upstream in
                    let response = try await gateway.get("/")
                    #expect(response.status == 503)
                    #expect(upstream.requests.count == 1)
                }
            }
        }

        @Test func `a retry prefers a target that was not tried`() async throws {
            try await withUpstream(serving { _ in Self.unavailable }) { failing in
                try await withUpstream(serving { _ in ok() }) { working in
                    let toml = proxy(
                        to: failing.url,
                        working.url,
                        upstream: "balance = \"round_robin\"",
                        route: Self.retry("attempts = 1")
                    )
                    try await withGateway(toml) { gateway in
                        for _ in 0..<10 {
                            let response = try await gateway.get("/")
                            #expect(response.status == 200)
                        }
                    }
                    #expect(working.requests.count == 10)
                    #expect((5...6).contains(failing.requests.count))
                }
            }
        }

        @Test func `further tries return to the first target`() async throws {
            try await withUpstream(Self.answering(Self.unavailable)) { first in
                try await withUpstream(serving { _ in Self.unavailable }) { second in
                    let toml = proxy(
                        to: first.url,
                        second.url,
                        upstream: "balance = \"round_robin\"",
                        route: Self.retry()
                    )
                    try await withGateway(toml) { gateway in
                        let response = try await gateway.get("/")
                        #expect(response.status == 200)
                    }
                    #expect(first.requests.count == 2 && second.requests.count == 1)
                }
            }
        }

        @Test func `a connection that ends before the response is retried`() async throws {
            let script = playing { session in
                if session.index < 2 {
                    _ = try await session.request()
                    return
                }
                try await session.serve { ok("\($0.text)") }
            }
            try await withProxy(script, route: Self.retry(), more: Self.admin) { gateway, upstream in
                let response = try await gateway.get("/")
                #expect(response.status == 200)
                #expect(upstream.requests.count == 3)
                let retries = try await Self.retries(of: gateway, "reset")
                #expect(retries == 2)
            }
        }

        @Test func `a refused connection is retried with any method, also without failover`() async throws {
            let port = try await Self.closedPort()
            let toml = proxy(
                to: "http://127.0.0.1:\(port)",
                upstream: "failover = false",
                route: "[routes.retry]\nbackoff = \"200ms\"\nattempts = 100\nbudget = 100",
                more: Self.admin
            )
            try await withGateway(toml) { gateway in
                let response = Task { try await gateway.exchange(Self.post) }
                try await eventuallyAsync("a retry") { (try? await Self.retries(of: gateway, "connect")) ?? 0 > 0 }
                let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
                try await withUpstream(at: address, serving { ok($0.text) }) { upstream in
                    let text = try await response.value.text
                    #expect(text == "abc")
                    #expect(upstream.requests.count == 1)
                }
            }
        }

        @Test func `a POST is sent twice only if it may be`() async throws {
            let keyed = Self.post.replacing("\r\n\r\n", with: "\r\nIdempotency-Key: k\r\n\r\n", maxReplacements: 1)
            let cases = [
                (Self.post, "", 503), (keyed, "", 200), (Self.post, "methods = [\"GET\", \"POST\"]", 200),
                ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "methods = [\"PUT\"]", 503),
                ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "methods = []", 503),
                ("REPORT / HTTP/1.1\r\nHost: a\r\n\r\n", "methods = [\"REPORT\"]", 200),
            ]
            for (request, methods, status) in cases {
                try await withProxy(Self.answering(Self.unavailable), route: Self.retry(methods)) { gateway, upstream in
                    let response = try await gateway.exchange(request)
                    #expect(response.status == status, "\(request) \(methods)")
                    #expect(upstream.requests.count == (status == 200 ? 2 : 1))
                }
            }
        }

        @Test func `errors of the gateway and malformed responses are not retried`() async throws {
            let malformed = playing { session in
                _ = try await session.request()
                try await session.send("HTTP/1.1 200 OK\r\nBad Field: 1\r\n\r\n")
            }
            try await withProxy(malformed, route: Self.retry()) { gateway, upstream in
                let response = try await gateway.get("/")
                #expect(response.code == "upstream_invalid_response")
                #expect(upstream.requests.count == 1)
            }
            let limited = Self.retry() + "\n[routes.rate_limit]\nlimit = \"1/hour\"\nstatus = 503"
            try await withProxy(serving { _ in ok() }, route: limited, more: Self.admin) { gateway, upstream in
                let first = try await gateway.get("/")
                #expect(first.status == 200)
                let second = try await gateway.get("/")
                #expect(second.status == 503)
                #expect(upstream.requests.count == 1)
                let retries = try await Self.retries(of: gateway, "503")
                #expect(retries == 0)
            }
        }

        @Test func `a response that is cut short is not retried`() async throws {
            let script = playing { session in
                _ = try await session.request()
                try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
            }
            try await withProxy(script, route: Self.retry()) { gateway, upstream in
                let response = try await gateway.get("/")
                #expect(response.code == "upstream_reset")
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `a late response is retried within per_try, and otherwise only with timeout`() async throws {
            let silent = playing { session in
                let request = try await session.request()
                if session.index > 0 { return try await session.send(ok(request.text)) }
                _ = try await session.request()
            }
            let timeout = "[routes.timeout]\nfirst_byte = \"50ms\"\n"
            let cases = [
                (Self.retry("per_try = \"50ms\""), 200), (timeout + Self.retry(), 504),
                (timeout + Self.retry(on: "\"timeout\""), 200),
                ("[routes.timeout]\ntotal = \"50ms\"\n" + Self.retry(on: "\"timeout\""), 504),
            ]
            for (route, status) in cases {
                try await withProxy(silent, route: route, more: Self.admin) { gateway, upstream in
                    let response = try await gateway.get("/")
                    #expect(response.status == status, "\(route)")
                    #expect(upstream.requests.count == (status == 200 ? 2 : 1))
                    let retries = try await Self.retries(of: gateway, "timeout")
                    #expect(retries == (status == 200 ? 1 : 0))
                    // The late try's connection serves no one else.
                    if status == 200 { try await eventually("it is closed") { upstream.openConnections <= 1 } }
                }
            }
        }

        @Test func `the access log and Server-Timing tell the tries`() async throws {
            struct Line: Decodable {
                struct Try: Decodable, Equatable {
                    let target: String?
                    let failure: String?
                }
                let status: Int
                let attempts: Int
                let tries: [Try]?
            }
            let port = try await Self.closedPort()
            try await withFolder { folder in
                let script = Self.answering(
                    Self.unavailable,
                    ok(),
                    ok(),
                    Self.unavailable,
                    Self.unavailable,
                    Self.unavailable
                )
                try await withUpstream(script) { upstream in
                    let toml = proxy(
                        to: "http://127.0.0.1:\(port)",
                        upstream.url,
                        upstream: "balance = \"round_robin\"",
                        route: "[routes.server_timing]\n" + Self.retry()
                    )
                    try await withGateway(toml, accessLog: .file(path: "\(folder)/access.log")) { gateway in
                        let first = try await gateway.get("/")
                        #expect(first["Server-Timing"]?.hasSuffix(", tries;desc=\"3\"") == true)
                        let second = try await gateway.get("/")
                        #expect(second["Server-Timing"]?.contains("tries") == false)
                        _ = try await gateway.get("/")
                    }
                    let text = FileManager.default.contents(atPath: "\(folder)/access.log") ?? Data()
                    let lines = try text.split(separator: UInt8(ascii: "\n")).map { line in
                        try JSONDecoder().decode(Line.self, from: Data(line))
                    }
                    #expect(lines.map(\.status) == [200, 200, 503])
                    #expect(lines.map(\.attempts) == [3, 1, 3])
                    let expected = [
                        Line.Try(target: "127.0.0.1:\(port)", failure: "refused"),
                        Line.Try(target: upstream.authority, failure: "503"),
                        Line.Try(target: upstream.authority, failure: nil),
                    ]
                    let failed = Array(repeating: Line.Try(target: upstream.authority, failure: "503"), count: 3)
                    #expect(lines.map(\.tries) == [expected, nil, failed])
                }
            }
        }
    }
}
