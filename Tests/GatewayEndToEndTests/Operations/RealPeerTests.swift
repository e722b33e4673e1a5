import FoundationEssentials
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension EndToEnd {
    /// Servers and clients by others, if they are installed.
    @Suite struct RealPeerTests {
        private static let small = String(repeating: "small file. ", count: 400)
        private static let large = [UInt8]((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 11) })

        /// Runs `body` with a temporary folder of a few files.
        private static func withFolder<R>(_ body: (String) async throws -> R) async throws -> R {
            let folder = "/tmp/gateway-e2e-\(UInt64.random(in: 0 ... .max))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try Data(self.small.utf8).write(to: URL(fileURLWithPath: folder + "/small.txt"))
            try Data(self.large).write(to: URL(fileURLWithPath: folder + "/large.bin"))
            return try await body(folder)
        }

        /// A port that was free a moment ago.
        private static func freePort() async throws -> Int { try await withUpstream(playing { _ in }) { $0.port } }

        private static func expectFiles(
            at port: Int,
            scheme: String = "http",
            upstream: String = ""
        ) async throws {
            let toml = proxy(to: "\(scheme)://127.0.0.1:\(port)", upstream: upstream)
            try await withGateway(toml, workers: 2) { gateway in
                for _ in 0..<10_000 {
                    if try await gateway.get("/small.txt").status == 200 { break }
                }
                let client = try await gateway.connect()
                for _ in 0..<2 {
                    try await client.send("GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.response().text == self.small)
                    try await client.send("HEAD /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.response(toHead: true)["Content-Length"] == "\(self.large.count)")
                    try await client.send("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
                    let large = try await client.response()
                    #expect(large.body == self.large)
                }
                client.close()
                let missing = try await gateway.get("/missing")
                #expect(missing.status == 404)
            }
        }

        /// Without this, a broken search would silently skip all the other tests.
        @Test func `programs are found`() {
            #expect(ChildProcess.find("sh") != nil)
            #expect(ChildProcess.find("no-such-program") == nil)
        }

        @Test(.enabled(if: ChildProcess.find("nginx") != nil), arguments: ["", "ssl", "ssl http2"])
        func `nginx as the upstream`(tls: String) async throws {
            try await Self.withFolder { folder in
                let port = try await Self.freePort()
                let authority = try TestAuthority()
                try authority.pem.write(to: "\(folder)/ca.pem")
                try authority.issue("127.0.0.1").write(as: "nginx", to: folder)
                let certificate = "ssl_certificate \(folder)/nginx.pem; ssl_certificate_key \(folder)/nginx.key;"
                let configuration = """
                    daemon off; worker_processes 1; pid \(folder)/nginx.pid; error_log \(folder)/error.log;
                    events { worker_connections 64; }
                    http {
                      access_log off; client_body_temp_path \(folder)/b; proxy_temp_path \(folder)/p;
                      fastcgi_temp_path \(folder)/f; uwsgi_temp_path \(folder)/u; scgi_temp_path \(folder)/s;
                      server { listen 127.0.0.1:\(port) \(tls); \(tls.isEmpty ? "" : certificate) root \(folder); }
                    }
                    """
                try Data(configuration.utf8).write(to: URL(fileURLWithPath: folder + "/nginx.conf"))
                let nginx = try ChildProcess(
                    "nginx",
                    "-p",
                    folder,
                    "-c",
                    folder + "/nginx.conf",
                    "-e",
                    folder + "/error.log"
                )
                defer { nginx.stop() }
                if tls.isEmpty { return try await Self.expectFiles(at: port) }
                let trust = "[upstreams.api.tls]\nca = \"\(folder)/ca.pem\""
                try await Self.expectFiles(at: port, scheme: "https", upstream: trust)
            }
        }

        @Test(.enabled(if: ChildProcess.find("python3") != nil))
        func `python's http_server as the upstream`() async throws {
            try await Self.withFolder { folder in
                let port = try await Self.freePort()
                let python = try ChildProcess(
                    "python3",
                    "-m",
                    "http.server",
                    "\(port)",
                    "--bind",
                    "127.0.0.1",
                    "--directory",
                    folder
                )
                defer { python.stop() }
                try await Self.expectFiles(at: port)
            }
        }

        @Test(.enabled(if: ChildProcess.find("curl") != nil))
        func `curl as the client`() async throws {
            try await Self.withFolder { folder in
                try await withProxy(serving { ok("\($0.method) \($0.body.count) \($0.isChunked)") }) {
                    gateway,
                    _ in
                    let file = folder + "/large.bin"
                    let cases: [([String], String)] = [
                        ([], "GET 0 false"), (["--http1.0"], "GET 0 false"), (["-d", "abc"], "POST 3 false"),
                        (["--data-binary", "@\(file)"], "POST \(Self.large.count) false"),
                        (["-T", file], "PUT \(Self.large.count) false"),
                        (["-T", file, "-H", "Transfer-Encoding: chunked"], "PUT \(Self.large.count) true"),
                        (["-T", file, "-H", "Expect: 100-continue"], "PUT \(Self.large.count) false"),
                    ]
                    for (arguments, expected) in cases {
                        let output = folder + "/out"
                        let curl = try ChildProcess(
                            ["curl", "-sS", "-m", "20", "-o", output] + arguments + [gateway.url + "/"]
                        )
                        try await eventually("curl has ended", within: .seconds(25)) { curl.hasEnded }
                        #expect(try String(contentsOfFile: output, encoding: .utf8) == expected)
                    }
                }
            }
        }
    }
}
