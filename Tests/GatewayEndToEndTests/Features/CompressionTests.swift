import Testing

extension EndToEnd {
    /// Which responses are encoded, and how their heads change.
    @Suite struct CompressionTests {
        /// A text of this length.
        static func text(_ count: Int) -> String {
            var text = ""
            text.reserveCapacity(count + 64)
            var number = 7
            while text.utf8.count < count {
                number = number &* 48_271 % 2_147_483_647
                text += "{\"id\":\(number),\"name\":\"user \(number % 97)\"},\n"
            }
            return String(text.prefix(count))
        }

        /// A chunked response with these pieces.
        static func chunked(_ pieces: [String], _ fields: String...) -> String {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
                + pieces.filter { !$0.isEmpty }.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }.joined()
                + "0\r\n\r\n"
        }

        private static let all = "[middleware.compression]\nalgorithms = [\"br\", \"gzip\", \"deflate\"]"

        @Test(arguments: ["gzip", "br", "deflate"])
        func `bodies of all sizes decode correctly, with and without a length`(_ coding: String) async throws {
            let sizes = [
                0, 1, 2, 100, 499, 500, 501, 1_000, 4_095, 4_096, 4_097, 8_192, 16_384, 32_767, 32_768, 32_769, 40_000,
                65_535,
                65_536, 65_537, 98_304, 131_072, 200_000, 204_800,
            ]
            try await withProxy(
                serving { request in
                    let text = Self.text(Int(request.target.split(separator: "/").last ?? "") ?? 0)
                    if request.target.hasPrefix("/known") { return ok(text, "Content-Type: application/json") }
                    return Self.chunked([text], "Content-Type: application/json")
                },
                more: Self.all
            ) { gateway, _ in
                let client = try await gateway.connect()
                for size in sizes {
                    for kind in ["known", "chunked"] {
                        try await client.send(
                            "GET /\(kind)/\(size) HTTP/1.1\r\nHost: a\r\nAccept-Encoding: \(coding)\r\n\r\n"
                        )
                        let response = try await client.response()
                        #expect(response.decoded == Self.text(size), "\(kind) \(size)")
                        let isEncoded = kind == "chunked" || size >= 500
                        #expect(response["Content-Encoding"] == (isEncoded ? coding : nil), "\(kind) \(size)")
                        #expect(response["Vary"] == (isEncoded ? "Accept-Encoding" : nil), "\(kind) \(size)")
                        if kind == "known" { #expect(response.isChunked == (size > 32_768), "\(size)") }
                        #expect(response.body.count <= max(size, 40))
                    }
                }
                client.close()
            }
        }

        @Test(arguments: [
            ("gzip", "gzip"), ("gzip, br", "br"), ("br;q=0.5, gzip", "gzip"), ("*", "br"), ("identity;q=0", nil),
            ("identity, gzip;q=0.5", nil), ("gzip;q=0", nil), ("zstd", nil), ("x-gzip", "gzip"), ("gzip;q=9", nil),
        ])
        func `the client's preferred coding is used`(_ accepted: String, _ expected: String?) async throws {
            let body = Self.text(2_000)
            try await withProxy(serving { _ in ok(body, "Content-Type: text/plain") }) { gateway, _ in
                let response = try await gateway.get("/", "Accept-Encoding: \(accepted)")
                #expect(response["Content-Encoding"] == expected)
                #expect(response["Vary"] == "Accept-Encoding")
                #expect(response.decoded == body)
            }
        }

        /// Responses that are not encoded, and whether they would be for another request.
        @Test(arguments: [
            ("200 OK", ["Content-Type: image/png"], "", false), ("200 OK", [], "", false),
            ("200 OK", ["Content-Type: text/event-stream"], "", false),
            ("200 OK", ["Content-Type: application/grpc"], "", false),
            ("206 Partial Content", ["Content-Type: text/plain", "Content-Range: bytes 0-1999/4000"], "", true),
            ("404 Not Found", ["Content-Type: text/plain"], "", false),
            ("203 Y", ["Content-Type: text/plain", "Cache-Control: max-age=1, No-Transform"], "", false),
            ("200 OK", ["Content-Type: text/plain", "Content-Encoding: zstd"], "", false),
            ("200 OK", ["Content-Type: text/plain"], "Sec-Fetch-Site: cross-site\r\nCookie: a=b\r\n", true),
        ])
        func `some responses are never encoded`(
            _ status: String,
            _ fields: [String],
            _ more: String,
            _ varies: Bool
        ) async throws {
            let body = Self.text(2_000)
            let lines = fields.map { $0 + "\r\n" }.joined()
            let answer = "HTTP/1.1 \(status)\r\nContent-Length: 2000\r\nETag: \"x\"\r\n\(lines)\r\n\(body)"
            try await withProxy(serving { _ in answer }) { gateway, _ in
                let response = try await gateway.exchange(
                    "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\(more)\r\n"
                )
                #expect(response.text == body)
                #expect(response["Content-Length"] == "2000")
                #expect(response["ETag"] == "\"x\"")
                #expect(response["Vary"] == (varies ? "Accept-Encoding" : nil))
            }
        }

        @Test(arguments: [
            "Sec-Fetch-Site: same-site\r\nCookie: a=b\r\n", "Sec-Fetch-Site: cross-site\r\n", "Cookie: a=b\r\n",
        ])
        func `same-site requests are encoded, others only without cookies`(_ fields: String) async throws {
            let body = Self.text(2_000)
            try await withProxy(serving { _ in ok(body, "Content-Type: text/html") }) { gateway, _ in
                let response = try await gateway.exchange(
                    "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\(fields)\r\n"
                )
                #expect(response["Content-Encoding"] == "gzip")
            }
        }

        @Test func `a body that would not shrink is sent plain`() async throws {
            try await withProxy(
                serving { _ in ok("ab", "Content-Type: text/plain", "ETag: \"x\"") },
                more: "[middleware.compression]\nmin_size = \"1B\""
            ) { gateway, _ in
                let response = try await gateway.get("/", "Accept-Encoding: gzip")
                #expect(response.text == "ab")
                #expect(response["Content-Length"] == "2")
                #expect(response["Content-Encoding"] == nil)
                #expect(response["ETag"] == "\"x\"")
                #expect(response.all("Vary") == ["Accept-Encoding"])
            }
        }

        @Test(arguments: [
            (["Vary: Origin"], "Origin, Accept-Encoding"), (["Vary: accept-encoding"], "accept-encoding"),
            (["Vary: Origin, Accept-Encoding", "Vary: X"], "Origin, Accept-Encoding, X"), (["Vary: *"], "*"),
        ])
        func `Vary is a single line without duplicates`(_ lines: [String], _ expected: String) async throws {
            let body = Self.text(2_000)
            try await withProxy(
                serving { _ in
                    "HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nContent-Length: 2000\r\n"
                        + lines.map { $0 + "\r\n" }.joined() + "\r\n" + body
                }
            ) { gateway, _ in
                for accepted in ["gzip", "identity"] {
                    let response = try await gateway.get("/", "Accept-Encoding: \(accepted)")
                    #expect(response.all("Vary") == [expected])
                    #expect(response.decoded == body)
                }
            }
        }

        @Test(arguments: [2_000, 100_000])
        func `fields about the plain bytes are dropped`(_ size: Int) async throws {
            try await withProxy(
                serving { _ in
                    ok(
                        Self.text(size),
                        "Content-Type: text/plain",
                        "Accept-Ranges: bytes",
                        "Content-MD5: x",
                        "Digest: sha-256=x",
                        "Content-Digest: sha-256=:x:",
                        "Repr-Digest: sha-256=:x:",
                        "X-Other: kept"
                    )
                }
            ) { gateway, _ in
                let response = try await gateway.get("/", "Accept-Encoding: br")
                for name in ["Accept-Ranges", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest"] {
                    #expect(response[name] == nil, "\(name)")
                }
                #expect(response["X-Other"] == "kept")
                #expect(response["Content-Length"] == (size == 2_000 ? "\(response.body.count)" : nil))
                #expect(response.decoded == Self.text(size))
            }
        }

        @Test(arguments: [2_000, 100_000])
        func `HEAD has the fields of GET and no body`(_ size: Int) async throws {
            try await withProxy(
                serving { request in
                    let answer = ok(Self.text(size), "Content-Type: text/plain", "ETag: \"x\"", "Accept-Ranges: bytes")
                    return request.method == "HEAD" ? String(answer.prefix(answer.count - size)) : answer
                }
            ) { gateway, _ in
                let own = ["date", "x-request-id", "transfer-encoding", "content-length"]
                var fields: [[String]] = []
                for method in ["GET", "HEAD"] {
                    let client = try await gateway.connect()
                    try await client.send("\(method) / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                    let response = try await client.response(toHead: method == "HEAD")
                    if method == "HEAD" { #expect(response["Content-Length"] == nil) }
                    fields.append(
                        response.fields.filter { !own.contains($0.name.lowercased()) }.map { "\($0.name): \($0.value)" }
                            .sorted()
                    )
                    // No bytes followed the head.
                    try await client.send("\(method) / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                    #expect(try await client.response(toHead: method == "HEAD").status == 200)
                    client.close()
                }
                #expect(fields[0] == fields[1])
                #expect(fields[1].contains("ETag: \"x-gw-gzip\""))
                #expect(fields[1].contains("Content-Encoding: gzip"))
                let short = try await gateway.exchange("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(short["Content-Length"] == "\(size)")
            }
        }

        @Test(arguments: [2_000, 100_000])
        func `an HTTP/1.0 client can read it`(_ size: Int) async throws {
            try await withProxy(serving { _ in ok(Self.text(size), "Content-Type: text/plain") }) { gateway, _ in
                let response = try await gateway.exchange("GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
                #expect(response["Content-Encoding"] == "gzip")
                #expect(response["Transfer-Encoding"] == nil)
                #expect(response.decoded == Self.text(size))
            }
        }

        @Test func `a local response is encoded like any other`() async throws {
            let body = String(repeating: "hello ", count: 200)
            try await withGateway(
                "[[routes]]\npath = \"/*\"\nrespond = { status = 200, body = \"\(body)\" }"
            ) { gateway in
                let response = try await gateway.get("/", "Accept-Encoding: gzip")
                #expect(response["Content-Encoding"] == "gzip")
                #expect(response.decoded == body)
                let problem = try await gateway.exchange("TRACE / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                #expect(problem.status == 405 && problem["Content-Encoding"] == nil)
            }
        }

        @Test func `a route can switch it off`() async throws {
            let body = Self.text(2_000)
            try await withProxy(
                serving { _ in ok(body, "Content-Type: text/plain") },
                route: "compression = false"
            ) { gateway, _ in
                let response = try await gateway.get("/", "Accept-Encoding: gzip")
                #expect(response.text == body)
                #expect(response["Vary"] == nil)
            }
        }
    }
}
