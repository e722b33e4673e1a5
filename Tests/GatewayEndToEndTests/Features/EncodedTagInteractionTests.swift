import Testing

@testable import Gateway
@testable import GatewayCore

extension EndToEnd {
    /// Compression, entity tags, HEAD and limits on one response.
    @Suite struct EncodedTagInteractionTests {
        private static let body = CompressionTests.text(2_000)
        private static let type = "Content-Type: application/json"

        private static func settings(_ strength: String) -> String {
            """
            [middleware.rate_limit]
            limit = "1000/day"
            [middleware.etag]
            strength = "\(strength)"
            [middleware.security_headers]
            """
        }

        private static func suffixed(_ tag: String, _ coding: String) -> String {
            tag.hasPrefix("W/") || coding == "identity" ? tag : tag.dropLast() + "-gw-\(coding)\""
        }

        /// Fields that differ between responses, or describe body bytes that HEAD does not have.
        private static let own: Set<String> = [
            "date", "x-request-id", "content-length", "transfer-encoding", "ratelimit", "x-ratelimit-remaining",
            "x-ratelimit-reset",
        ]

        private static func lines(_ message: Message, without names: Set<String> = []) -> [String] {
            message.fields.map { ($0.name.lowercased(), $0.value) }
                .filter { !self.own.contains($0.0) && !names.contains($0.0) }
                .map { "\($0.0): \($0.1)" }.sorted()
        }

        @Test(arguments: ["gzip", "br", "identity"], ["weak", "strong"])
        func `a generated tag is recognized in any coding`(_ coding: String, _ strength: String)
            async throws
        {
            try await withProxy(serving { _ in ok(Self.body, Self.type) }, more: Self.settings(strength)) {
                gateway,
                upstream in
                let accept = "Accept-Encoding: \(coding)"
                let first = try await gateway.get("/", accept)
                let tag = try #require(first["ETag"])
                #expect(tag.hasPrefix("W/") == (strength == "weak"))
                #expect(tag.contains("-gw-") == (strength == "strong" && coding != "identity"))
                #expect(first.decoded == Self.body)
                #expect(first["X-RateLimit-Remaining"] == "999")

                let second = try await gateway.get("/", accept, "If-None-Match: \"other\", \(tag)")
                #expect(second.status == 304)
                #expect(second.body.isEmpty)
                #expect(second.all("ETag") == [tag])
                #expect(second.all("Vary") == ["Accept-Encoding"])
                #expect(second["Content-Encoding"] == nil)
                #expect(second["X-RateLimit-Remaining"] == "998")
                #expect(second["X-Request-ID"] != nil && second["X-Request-ID"] != first["X-Request-ID"])
                #expect(second["X-Content-Type-Options"] == "nosniff")
                // A cache would copy the policy into the stored response.
                #expect(first["Content-Security-Policy"] != nil && second["Content-Security-Policy"] == nil)

                // With a strong tag, another coding is another representation.
                let other = try await gateway.get("/", "Accept-Encoding: deflate", "If-None-Match: \(tag)")
                #expect(other.status == (tag.contains("-gw-") ? 200 : 304))

                // The upstream evaluates conditions of writes, and does not know the suffix.
                _ = try await gateway.exchange(
                    "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\(accept)\r\nIf-Match: \(tag)\r\n\r\n"
                )
                let plain = tag.replacing("-gw-\(coding)", with: "")
                #expect(upstream.requests.last?["If-Match"] == plain)
            }
        }

        @Test(arguments: ["gzip", "br", "identity"], ["\"v1\"", "W/\"v1\"", ""])
        func `HEAD has the fields of GET`(_ coding: String, _ tag: String) async throws {
            let script = serving { request in
                let answer = tag.isEmpty ? ok(Self.body, Self.type) : ok(Self.body, Self.type, "ETag: \(tag)")
                return request.method == "HEAD" ? String(answer.prefix { $0 != "{" }) : answer
            }
            try await withProxy(script, more: Self.settings("weak")) { gateway, _ in
                let get = try await gateway.get("/", "Accept-Encoding: \(coding)")
                let head = try await gateway.exchange(
                    "HEAD / HTTP/1.1\r\nHost: a.example\r\nAccept-Encoding: \(coding)\r\n\r\n"
                )
                #expect(head.status == 200)
                // The body of a HEAD response is unknown, so it has no generated tag.
                #expect(Self.lines(head) == Self.lines(get, without: tag.isEmpty ? ["etag"] : []))
                #expect(head["Content-Encoding"] == (coding == "identity" ? nil : coding))
                if let length = head["Content-Length"] { #expect(length == get["Content-Length"]) }
                guard !tag.isEmpty else { return }
                let expected = Self.suffixed(tag, coding)
                #expect(head["ETag"] == expected)
                let fields = "Host: a.example\r\nAccept-Encoding: \(coding)\r\nIf-None-Match: \(expected)"
                let known = try await gateway.exchange("HEAD / HTTP/1.1\r\n\(fields)\r\n\r\n")
                let notModified = try await gateway.exchange("GET / HTTP/1.1\r\n\(fields)\r\n\r\n")
                #expect(known.status == 304)
                #expect(known["ETag"] == expected)
                #expect(Self.lines(known) == Self.lines(notModified))
            }
        }

        @Test func `HEAD counts like GET and is limited like GET`() async throws {
            let more = "[middleware.rate_limit]\nlimit = \"2/day\""
            try await withProxy(serving { ok($0.method == "HEAD" ? "" : "x") }, more: more) { gateway, upstream in
                let head = "HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n"
                let first = try await gateway.exchange(head)
                #expect(first["X-RateLimit-Remaining"] == "1")
                #expect(try await gateway.get("/")["X-RateLimit-Remaining"] == "0")
                let limited = try await gateway.exchange(head)
                let get = try await gateway.get("/")
                #expect(limited.status == 429)
                #expect(limited.body.isEmpty)
                #expect(get.code == "rate_limited")
                // Both problem documents contain a request ID, so their lengths are equal.
                for name in [
                    "Content-Type", "Content-Length", "RateLimit-Policy", "X-RateLimit-Limit",
                    "X-RateLimit-Remaining", "Cache-Control", "X-Content-Type-Options", "Content-Security-Policy",
                    "Proxy-Status",
                ] {
                    #expect(limited[name] == get[name], "\(name)")
                }
                // A second may end between the two responses.
                let waits = [limited, get].compactMap { $0["Retry-After"].flatMap { Int($0) } }
                #expect(waits.count == 2 && waits[0] - waits[1] <= 1)
                let ids = [first, limited, get].compactMap { $0["X-Request-ID"] }
                #expect(Set(ids).count == 3)
                #expect(upstream.requests.count == 2)
            }
        }

        @Test(arguments: 1...UInt64(Thoroughness.count(2, thorough: 4)))
        func `any body in any pieces decodes correctly, and its tag is recognized`(_ seed: UInt64) async throws {
            var random = SplitMix64(seed: seed)
            let answers = (0..<40).map { number in Answer(number: number, &random) }
            let script = playing { session in
                while true {
                    let request = try await session.request()
                    let answer = answers[Int(request.target.dropFirst()) ?? 0]
                    let opaque = "\"tag-\(request.target.dropFirst())\""
                    if let named = request["If-None-Match"], named.contains(opaque) {
                        try await session.send("HTTP/1.1 304 Not Modified\r\n\(answer.tagLine)\r\n")
                    } else {
                        try await session.connection.send(answer.wire, splitAt: answer.cuts)
                    }
                }
            }
            try await withProxy(script, workers: 2) { gateway, _ in
                let client = try await gateway.connect()
                for (number, answer) in answers.enumerated() {
                    let request = "GET /\(number) HTTP/1.1\r\nHost: a\r\nAccept-Encoding: \(answer.coding)\r\n"
                    try await client.send(request + "\r\n")
                    let response = try await client.response()
                    #expect(response.decoded == answer.text, "\(number)")
                    guard let tag = response["ETag"] else {
                        #expect(answer.tag == nil && answer.isLong, "\(number)")
                        continue
                    }
                    if let own = answer.tag {
                        #expect(tag == Self.suffixed(own, response["Content-Encoding"] ?? "identity"), "\(number)")
                    }
                    try await client.send(request + "If-None-Match: \(tag)\r\n\r\n")
                    let known = try await client.response()
                    #expect(known.status == 304, "\(number)")
                    #expect(known["ETag"] == tag, "\(number)")
                    // The length of the complete response is unknown for a 304, so Vary may be present although the
                    // short body had none.
                    if let vary = response["Vary"] { #expect(known["Vary"] == vary, "\(number)") }
                }
                client.close()
            }
        }

        /// A body with or without a tag, chunked or with a length, sent in random pieces.
        private struct Answer: Sendable {
            let text: String
            let coding: String
            let tag: String?
            let wire: [UInt8]
            let cuts: [Int]
            /// The gateway generates no tag for it.
            let isLong: Bool

            var tagLine: String {
                (self.tag.map { "ETag: \($0)\r\n" } ?? "") + EncodedTagInteractionTests.type + "\r\n"
            }

            init(number: Int, _ random: inout SplitMix64) {
                let largest = [600, 5_000, 40_000, 150_000].randomElement(using: &random) ?? 600
                self.text = CompressionTests.text(.random(in: 0...largest, using: &random))
                self.coding = ["gzip", "br", "identity"].randomElement(using: &random) ?? "gzip"
                let tags = ["\"tag-\(number)\"", "W/\"tag-\(number)\"", nil]
                let tag = tags.randomElement(using: &random) ?? nil
                self.tag = tag
                let isChunked = Bool.random(using: &random)
                self.isLong = isChunked || self.text.utf8.count > 65_536
                let fields = [EncodedTagInteractionTests.type] + (tag.map { ["ETag: \($0)"] } ?? [])
                var head = "HTTP/1.1 200 OK\r\n" + fields.map { $0 + "\r\n" }.joined()
                var body = Array(self.text.utf8)
                if isChunked {
                    body = Chunks.random(of: body, &random)
                    head += "Transfer-Encoding: chunked\r\n\r\n"
                } else {
                    head += "Content-Length: \(body.count)\r\n\r\n"
                }
                let wire = Array(head.utf8) + body
                self.wire = wire
                self.cuts = Chunks.cuts(wire.count, &random)
            }
        }

        @Test func `trailers about the plain bytes are dropped from encoded bodies`() async throws {
            let body = Self.body
            let answer =
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n"
                + "Content-Digest: sha-256=:AAAA:\r\nrepr-digest: sha-256=:AAAA:\r\nETag: \"e\"\r\nX-Sum: 1\r\n\r\n"
            let script: ScriptedUpstream.Script = { session in
                while true {
                    _ = try await session.request()
                    try await session.send(answer)
                }
            }
            try await withProxy(script) { gateway, _ in
                let encoded = try await gateway.get("/", "Accept-Encoding: gzip", "TE: trailers")
                #expect(encoded["Content-Encoding"] == "gzip")
                #expect(encoded.decoded == body)
                #expect(encoded.trailers.map(\.name) == ["X-Sum"])
                let plain = try await gateway.get("/", "TE: trailers")
                #expect(plain.trailers.map(\.name) == ["Content-Digest", "repr-digest", "ETag", "X-Sum"])
            }
        }

        /// RFC 9110 section 8.6: a 304 has the length of the 200's body, or none.
        @Test func `an upstream's 304 has no length if the 200 would be encoded`() async throws {
            let answer = "HTTP/1.1 304 N\r\nETag: \"x\"\r\n\(Self.type)\r\nContent-Length: 1000\r\n\r\n"
            let script: ScriptedUpstream.Script = { session in
                while true {
                    _ = try await session.request()
                    try await session.send(answer)
                }
            }
            try await withProxy(script) { gateway, _ in
                let encoded = try await gateway.get("/", "Accept-Encoding: gzip", "If-None-Match: \"x-gw-gzip\"")
                #expect(encoded.status == 304)
                #expect(encoded["ETag"] == "\"x-gw-gzip\"")
                #expect(encoded["Content-Length"] == nil)
                #expect(try await gateway.get("/", "If-None-Match: \"x\"")["Content-Length"] == "1000")
            }
        }
    }
}
