import FoundationEssentials
import Gateway
import Testing

@testable import GatewaySettings

extension EndToEnd {
    /// Which exchanges are logged. `AccessLogFormatTests` covers the format of a line.
    @Suite struct AccessLogTests {
        private struct Line: Decodable {
            let path: String
            let status: Int?
            let end: String
        }

        /// The log lines of these requests, sent in sequence.
        private func lines(of targets: [String], _ settings: String) async throws -> [Line] {
            try await withFolder { folder in
                try await withUpstream(
                    playing { connection in
                        while true {
                            switch try await connection.request().target {
                            case "/cut":
                                try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\npart")
                                return
                            case "/bad": try await connection.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
                            default: try await connection.send(ok("whole"))
                            }
                        }
                    }
                ) { upstream in
                    let file = proxy(to: upstream.url, more: settings)
                    try await withGateway(file, accessLog: .file(path: "\(folder)/access.log")) { gateway in
                        for target in targets {
                            let client = try await gateway.connect()
                            defer { client.close() }
                            try await client.send("GET \(target) HTTP/1.1\r\nHost: a.example\r\n\r\n")
                            _ = try? await client.finalResponse()
                        }
                    }
                }
                let text = FileManager.default.contents(atPath: "\(folder)/access.log") ?? Data()
                return try text.split(separator: UInt8(ascii: "\n")).map { line in
                    try JSONDecoder().decode(Line.self, from: Data(line))
                }
            }
        }

        @Test func `every exchange is logged, in the order in which they end`() async throws {
            let lines = try await self.lines(of: ["/a", "/bad", "/b"], "")
            #expect(lines.map(\.path) == ["/a", "/bad", "/b"])
            #expect(lines.map(\.status) == [200, 500, 200])
            #expect(lines.allSatisfy { $0.end == "complete" })
        }

        @Test func `with a sample of 0 only errors and incomplete responses are logged`() async throws {
            let settings = "[middleware.access_log]\nsample = 0.0"
            let lines = try await self.lines(of: ["/a", "/bad", "/cut", "/b"], settings)
            #expect(lines.map(\.path) == ["/bad", "/cut"])
            #expect(lines.map(\.status) == [500, 200])
            #expect(lines.map(\.end) == ["complete", "upstream_reset"])
        }

        @Test func `a sample of one half logs about half`() async throws {
            let settings = "[middleware.access_log]\nsample = 0.5"
            let lines = try await self.lines(of: Array(repeating: "/a", count: 100), settings)
            // The probability of a count outside this range is below 10⁻¹⁵.
            #expect((10...90).contains(lines.count))
        }

        @Test func `a route can switch its access log off`() async throws {
            let settings = """
                [[routes]]
                path = "/quiet"
                upstream = "api"
                access_log = false
                """
            let lines = try await self.lines(of: ["/quiet", "/a"], settings)
            #expect(lines.map(\.path) == ["/a"])
        }

        /// The figures of the log lines for raw requests that are sent in pieces.
        private struct Figures: Decodable {
            let method: String?
            let status: Int?
            let end: String
            let bytesIn: Int
            let durationMs: Double
            let firstByteMs: Double?
        }

        private func figures(
            _ script: @escaping ScriptedUpstream.Script,
            _ body: (RunningGateway) async throws -> Void
        ) async throws -> [Figures] {
            try await withFolder { folder in
                try await withUpstream(script) { upstream in
                    let file = proxy(to: upstream.url, limits: "keep_alive = \"50ms\"")
                    try await withGateway(file, accessLog: .file(path: "\(folder)/access.log")) { gateway in
                        try await body(gateway)
                    }
                }
                let decoder = JSONDecoder()
                decoder.keyDecodingStrategy = .convertFromSnakeCase
                let text = FileManager.default.contents(atPath: "\(folder)/access.log") ?? Data()
                return try text.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(Figures.self, from: $0) }
            }
        }

        /// Waits for `keep_alive` to pass once.
        private func wait(_ gateway: RunningGateway) async throws {
            let silent = try await gateway.connect()
            _ = try await silent.rest()
            silent.close()
        }

        @Test func `durations are measured from the first byte of the request head`()
            async throws
        {
            let go = Signal()
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                // So small a body is collected to compute its entity tag.
                try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
                try await go.wait()
                try await session.send("b")
            }
            let lines = try await self.figures(script) { gateway in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("GET / HT")
                try await self.wait(gateway)
                try await client.send("TP/1.1\r\nHost: a\r\n\r\n")
                try await self.wait(gateway)
                go.fire()
                #expect(try await client.response().text == "ab")
            }
            let line = try #require(lines.first)
            #expect(line.durationMs >= 100)
            #expect(try #require(line.firstByteMs) >= 100)
        }

        @Test func `a malformed request is logged with its method, if known, and its size`() async throws {
            let requests = ["GET / HTTP/1.1\r\n\r\n", "POST / HTTP/3.0\r\n\r\n", "\u{1}\u{2}\u{3}\r\n\r\n"]
            let lines = try await self.figures(serving { _ in ok() }) { gateway in
                for request in requests {
                    let client = try await gateway.connect()
                    defer { client.close() }
                    try await client.send(request)
                    _ = try await client.rest()
                }
            }
            #expect(lines.map(\.status) == [400, 505, 400])
            #expect(lines.map(\.bytesIn) == requests.map(\.utf8.count))
            #expect(lines.map { $0.method ?? "" } == ["GET", "POST", ""])
        }
    }
}
