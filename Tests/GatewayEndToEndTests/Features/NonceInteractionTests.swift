import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayMiddlewares

extension EndToEnd {
    /// Pages that are given a nonce, are encoded, and have no tag.
    @Suite struct NonceInteractionTests {
        private static let settings = """
            [middleware.security_headers]
            preset = "web"
            [middleware.security_headers.csp]
            nonce = "html"
            [middleware.etag]
            strength = "strong"
            [middleware.compression]
            min_size = "1B"
            """

        private static func nonce(of response: Message) throws -> String {
            let policy = try #require(response["Content-Security-Policy"])
            let match = try #require(policy.firstMatch(of: /'nonce-([A-Za-z0-9+\/]{24})'/))
            return String(match.1)
        }

        private static func expectUnstored(_ response: Message) {
            #expect(response.all("Cache-Control") == ["private, no-store"])
            for name in ["ETag", "Last-Modified", "Accept-Ranges", "Content-Digest"] {
                #expect(response[name] == nil, "\(name)")
            }
        }

        /// A page of random parts, some of which get the nonce. `NONCE` marks where it goes.
        private static func page(_ random: inout SplitMix64) -> String {
            let parts = [
                "<script NONCE>let a = \"<script>\" < 1</script>", "<style NONCE>b{}</style>",
                "<script NONCE src=\"/a.js\" defer></script>", "<SCRIPT NONCE\ntype=module></SCRIPT>",
                "<!-- <script> -->", "<p title=\"<script>\">é</p>", "<textarea><script></textarea>", "<scripted>",
                "text & more text, 𝄞", "</script >", "<a href='x'>y</a>", "<",
            ]
            let count = [1, 5, 40, 3_000].randomElement(using: &random) ?? 5
            let chosen = (0..<count).map { _ in parts.randomElement(using: &random) ?? "" }
            return "<!doctype html>\n" + chosen.joined(separator: " \n")
        }

        @Test(arguments: 1...UInt64(Thoroughness.count(2, thorough: 6)))
        func `the nonce is inserted before encoding, wherever a page is split`(_ seed: UInt64) async throws {
            var random = SplitMix64(seed: seed)
            let codings = ["gzip", "br", "identity"]
            let cases = (0..<20).map { _ in
                let page = Self.page(&random)
                let bytes = Array(page.replacing(" NONCE", with: "").utf8)
                let isChunked = Bool.random(using: &random)
                let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(bytes.count)"
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nETag: \"x\"\r\n"
                    + "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: public\r\n\(framing)\r\n\r\n"
                let wire = Array(head.utf8) + (isChunked ? Chunks.random(of: bytes, &random) : bytes)
                let coding = codings.randomElement(using: &random) ?? "gzip"
                return (page: page, wire: wire, cuts: Chunks.cuts(wire.count, &random), coding: coding)
            }
            let script = playing { session in
                while true {
                    let request = try await session.request()
                    for name in ["If-None-Match", "If-Modified-Since", "Accept-Encoding"] {
                        #expect(request[name] == nil, "\(name)")
                    }
                    let answer = cases[Int(request.target.dropFirst()) ?? 0]
                    try await session.connection.send(answer.wire, splitAt: answer.cuts)
                }
            }
            try await withProxy(script, more: Self.settings, workers: 2) { gateway, upstream in
                let client = try await gateway.connect()
                for (number, answer) in cases.enumerated() {
                    try await client.send(
                        "GET /\(number) HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nAccept-Encoding: \(answer.coding)\r\n"
                            + "If-None-Match: *\r\nIf-Modified-Since: Sun, 06 Nov 2044 08:49:37 GMT\r\n\r\n"
                    )
                    let response = try await client.response()
                    #expect(response.status == 200)
                    let nonce = try Self.nonce(of: response)
                    #expect(
                        response.decoded == answer.page.replacing(" NONCE", with: " nonce=\"\(nonce)\""),
                        "\(number)"
                    )
                    if answer.coding != "identity" { #expect(response["Content-Encoding"] == answer.coding) }
                    #expect(response.all("Vary") == ["Accept-Encoding"])
                    Self.expectUnstored(response)
                    #expect(upstream.requests.last?["X-CSP-Nonce"] == nonce)
                }
                client.close()
            }
        }

        @Test(arguments: ["gzip", "identity"])
        func `HEAD has the head of GET`(_ coding: String) async throws {
            let page = "<script>a</script>" + String(repeating: "<p>text</p>", count: 200)
            let script = serving { request in
                let answer = ok(page, "Content-Type: text/html", "ETag: \"x\"")
                return request.method == "HEAD" ? String(answer.prefix { $0 != "<" }) : answer
            }
            try await withProxy(script, more: Self.settings) { gateway, _ in
                let fields = "Host: a\r\nAccept: text/html\r\nAccept-Encoding: \(coding)\r\nIf-None-Match: \"x\""
                let get = try await gateway.exchange("GET / HTTP/1.1\r\n\(fields)\r\n\r\n")
                let head = try await gateway.exchange("HEAD / HTTP/1.1\r\n\(fields)\r\n\r\n")
                for response in [get, head] {
                    #expect(response.status == 200)
                    #expect(response["Content-Encoding"] == (coding == "gzip" ? "gzip" : nil))
                    #expect(response.all("Vary") == ["Accept-Encoding"])
                    Self.expectUnstored(response)
                }
                #expect(head["Content-Length"] == nil)
                #expect(try Self.nonce(of: get) != Self.nonce(of: head))
            }
        }

        @Test func `a condition is not forwarded, so every response is a 200 with a new nonce`()
            async throws
        {
            let page = "<script>a</script>"
            try await withProxy(serving { _ in ok(page, "Content-Type: text/html") }, more: Self.settings) {
                gateway,
                _ in
                var nonces: Set<String> = []
                for _ in 0..<4 {
                    let response = try await gateway.get("/", "Accept-Encoding: br", "If-None-Match: *")
                    #expect(response.status == 200)
                    let nonce = try Self.nonce(of: response)
                    #expect(response.decoded == "<script nonce=\"\(nonce)\">a</script>")
                    nonces.insert(nonce)
                }
                #expect(nonces.count == 4)
            }
        }

        /// A page with another nonce may load this script, or a program that sends no specific Accept.
        @Test func `HTML requested by others gets a nonce too, but conditions are forwarded`() async throws {
            let page = "<script>a</script>"
            let script = serving { _ in ok(page, "Content-Type: text/html", "ETag: \"x\"", "Cache-Control: public") }
            try await withProxy(script, more: Self.settings) { gateway, upstream in
                let response = try await gateway.get("/", "Accept: */*", "If-None-Match: \"x\"")
                #expect(upstream.requests.last?["If-None-Match"] == "\"x\"")
                #expect(response.status == 200)
                let nonce = try Self.nonce(of: response)
                #expect(response.text == "<script nonce=\"\(nonce)\">a</script>")
                Self.expectUnstored(response)
            }
        }

        @Test func `a page streams with nonce and coding while the upstream pauses`() async throws {
            let seen = Signal()
            let script = playing { session in
                _ = try await session.request()
                try await session.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "f\r\n<p>first</p><sc\r\n"
                )
                try await seen.wait()
                try await session.send("14\r\nript>a</script>last\n\r\n0\r\n\r\n")
                _ = try await session.request()
            }
            try await withProxy(script, more: Self.settings) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                let head = try await client.head()
                var received: [UInt8] = []
                func readChunk() async throws -> Bool {
                    let size = Int(try await client.text(through: "\r\n").prefix { $0.isHexDigit }, radix: 16) ?? 0
                    received += try await client.bytes(size)
                    _ = try await client.text(through: "\r\n")
                    return size > 0
                }
                // An incomplete tag waits for the end of its name.
                while Message.decode(received, "gzip", whole: false)?.hasPrefix("<p>first</p>") != true {
                    _ = try await readChunk()
                }
                seen.fire()
                while try await readChunk() {}
                let match = try #require(head.firstMatch(of: /'nonce-([A-Za-z0-9+\/]{24})'/))
                #expect(
                    Message.decode(received, "gzip", whole: true)
                        == "<p>first</p><script nonce=\"\(match.1)\">a</script>last\n"
                )
                client.close()
            }
        }
    }
}
