import FoundationEssentials
import Gateway
import Testing

extension EndToEnd {
    /// What gets a line, and what does not. How a line looks is `AccessLogFormatTests`' affair.
    @Suite struct AccessLogTests {
        private struct Line: Decodable {
            let path: String
            let status: Int?
            let end: String
        }

        /// The lines that these requests leave, sent one after the other.
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

        @Test func `every exchange has a line, in the order of their ends`() async throws {
            let lines = try await self.lines(of: ["/a", "/bad", "/b"], "")
            #expect(lines.map(\.path) == ["/a", "/bad", "/b"])
            #expect(lines.map(\.status) == [200, 500, 200])
            #expect(lines.allSatisfy { $0.end == "complete" })
        }

        @Test func `without a sample there are errors alone, and answers that broke off`() async throws {
            let settings = "[middleware.access_log]\nsample = 0.0"
            let lines = try await self.lines(of: ["/a", "/bad", "/cut", "/b"], settings)
            #expect(lines.map(\.path) == ["/bad", "/cut"])
            #expect(lines.map(\.status) == [500, 200])
            #expect(lines.map(\.end) == ["complete", "upstream_reset"])
        }

        @Test func `a sample of one half is neither all nor nothing`() async throws {
            let settings = "[middleware.access_log]\nsample = 0.5"
            let lines = try await self.lines(of: Array(repeating: "/a", count: 100), settings)
            // Outside these once in a million million million.
            #expect((10...90).contains(lines.count))
        }

        @Test func `a route may go without`() async throws {
            let settings = """
                [[routes]]
                path = "/quiet"
                upstream = "api"
                access_log = false
                """
            let lines = try await self.lines(of: ["/quiet", "/a"], settings)
            #expect(lines.map(\.path) == ["/a"])
        }
    }
}
