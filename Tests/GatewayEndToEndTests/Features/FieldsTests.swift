import Testing

extension EndToEnd {
    /// Selections from JSON responses, and what they share with other middlewares.
    @Suite struct FieldsTests {
        private static let document =
            #"{"id":1,"name":"Ann","items":[{"id":2,"price":3.50,"more":"\u00e9"},{"id":18446744073709551616}]}"#
        private static let type = "Content-Type: application/json"

        private typealias Answer = @Sendable (Message) async throws -> String

        private static let settings = "[middleware.fields]\nmax_body = \"2KiB\""

        private static func withFields<R>(
            _ answer: @escaping Answer = { _ in ok(Self.document, Self.type) },
            _ body: (RunningGateway, ScriptedUpstream) async throws -> R
        ) async throws -> R {
            try await withProxy(serving(answer), more: self.settings, body)
        }

        @Test func `a selection keeps bytes, and the parameter stays here`() async throws {
            try await Self.withFields { gateway, upstream in
                let answer = try await gateway.get(
                    "/a%20b?x=%41&fields=items(id)&y",
                    "Range: bytes=0-3",
                    "If-Range: \"a\""
                )
                #expect(answer.status == 200)
                #expect(answer.text == #"{"items":[{"id":2},{"id":18446744073709551616}]}"#)
                #expect(answer.all("Content-Length") == ["\(answer.body.count)"])
                #expect(answer["Transfer-Encoding"] == nil)
                let request = try #require(upstream.requests.last)
                #expect(request.target == "/a%20b?x=%41&y")
                for name in ["Range", "If-Range", "Accept-Encoding"] { #expect(request[name] == nil) }

                #expect(try await gateway.get("/?fields=name").text == #"{"name":"Ann"}"#)
                #expect(upstream.requests.last?.target == "/")
                #expect(try await gateway.get("/?fields=name&fields=id").text == #"{"id":1,"name":"Ann"}"#)
                // Nothing is asked for.
                #expect(try await gateway.get("/?fields=&x", "Range: bytes=0-3").text == Self.document)
                #expect(upstream.requests.last?.target == "/?x")
                #expect(upstream.requests.last?["Range"] == "bytes=0-3")
                #expect(try await gateway.get("/?FIELDS=id&fields[]=id").text == Self.document)
                #expect(upstream.requests.last?.target == "/?FIELDS=id&fields[]=id")
            }
        }

        @Test func `a malformed expression is refused with its position`() async throws {
            try await Self.withFields { gateway, upstream in
                for (query, position) in [("a,,b", 3), ("a%2C%2Cb", 3), ("%C3%A9(", 3), ("a)", 2), ("a(b", 4)] {
                    let answer = try await gateway.get("/?fields=\(query)")
                    #expect(answer.status == 400)
                    #expect(answer.code == "bad_request")
                    #expect(answer.text.contains("position \(position):"), "\(answer.text)")
                }
                #expect(upstream.requests.isEmpty)
            }
        }

        @Test func `what is no JSON document passes byte for byte`() async throws {
            let long = "{\"id\":1,\"name\":\"\(String(repeating: "x", count: 3000))\"}"
            let broken = Self.document.dropLast() + ",}"
            let answers: [(String, String)] = [
                (Self.document, ok(Self.document, "Content-Type: text/plain")),
                (Self.document, ok(Self.document, "Content-Type: application/json-seq")),
                (Self.document, ok(Self.document)),
                (Self.document, ok(Self.document, Self.type, "Content-Encoding: br")),
                (Self.document, ok(Self.document, Self.type, "Cache-Control: no-transform")),
                (Self.document, ok(Self.document, Self.type).replacing("200 OK", with: "404 Not Found")),
                (
                    Self.document,
                    ok(Self.document, Self.type, "Content-Range: bytes 0-9/100")
                        .replacing("200 OK", with: "206 Partial Content")
                ),
                (String(broken), ok(String(broken), Self.type)),
                (long, ok(long, Self.type)),
                ("", ok("", Self.type)),
                ("data: {\"id\":1}\n\n", ok("data: {\"id\":1}\n\n", "Content-Type: text/event-stream")),
            ]
            // Only the path is left of the target.
            let answer: Answer = { answers[Int($0.target.dropFirst()) ?? 0].1 }
            try await Self.withFields(answer) { gateway, _ in
                for (index, (body, _)) in answers.enumerated() {
                    let answer = try await gateway.get("/\(index)?fields=id")
                    #expect(answer.text == body, "\(index)")
                    #expect(answer.all("Content-Length") == ["\(body.utf8.count)"])
                }
            }
        }

        @Test(arguments: [
            "application/json; charset=utf-8", "Application/JSON", "application/problem+json",
            "application/vnd.api+json;a=b",
        ])
        func `all types of JSON are selected from, and all statuses of success`(_ type: String) async throws {
            let answer: Answer = { request in
                ok(Self.document, "Content-Type: \(type)").replacing("200 OK", with: "\(request.target.dropFirst()) A")
            }
            try await Self.withFields(answer) { gateway, _ in
                for status in [200, 201, 202, 203] {
                    let answer = try await gateway.get("/\(status)?fields=id")
                    #expect(answer.status == status)
                    #expect(answer.text == #"{"id":1}"#)
                }
                let post = "POST /200?fields=id HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
                #expect(try await gateway.exchange(post).text == #"{"id":1}"#)
            }
        }

        @Test func `a body in pieces is selected from, or passes as a whole`() async throws {
            let script = playing { connection in
                while true {
                    let request = try await connection.request()
                    let body = request.target == "/broken" ? String(Self.document.dropLast()) : Self.document
                    try await connection.send("HTTP/1.1 200 OK\r\n\(Self.type)\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for byte in body { try await connection.send("1\r\n\(byte)\r\n") }
                    if request.target == "/long" {
                        for _ in 0..<3 {
                            try await connection.send("400\r\n\(String(repeating: " ", count: 1024))\r\n")
                        }
                    }
                    try await connection.send("0\r\n\r\n")
                }
            }
            try await withProxy(script, more: Self.settings) { gateway, _ in
                let answer = try await gateway.get("/?fields=items.price")
                #expect(answer.text == #"{"items":[{"price":3.50},{}]}"#)
                #expect(answer["Content-Length"] == "\(answer.body.count)")
                #expect(try await gateway.get("/broken?fields=id").text == String(Self.document.dropLast()))
                let long = try await gateway.get("/long?fields=id").text
                #expect(long == Self.document + String(repeating: " ", count: 3072))
            }
        }

        @Test func `HEAD and 304 do not describe the whole document`() async throws {
            let lines =
                "\(Self.type)\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\nRepr-Digest: sha-256=:AA==:\r\nContent-Length: 97\r\n\r\n"
            let answer: Answer = { request in
                if request.method == "HEAD" { return "HTTP/1.1 200 OK\r\n\(lines)" }
                guard request["If-None-Match"] == nil else { return "HTTP/1.1 304 Not Modified\r\n\(lines)" }
                return ok(Self.document, Self.type, "ETag: \"v1\"", "Accept-Ranges: bytes", "Content-MD5: AA==")
            }
            try await Self.withFields(answer) { gateway, upstream in
                let get = try await gateway.get("/?fields=id")
                let head = try await gateway.exchange("HEAD /?fields=id HTTP/1.1\r\nHost: a\r\n\r\n")
                let known = try await gateway.get("/?fields=id", "If-None-Match: \"v1\"")
                #expect([get, head, known].map(\.status) == [200, 200, 304])
                #expect(get.text == #"{"id":1}"#)
                #expect(upstream.requests.last?["If-None-Match"] == "\"v1\"")
                for answer in [get, head, known] {
                    #expect(answer.all("ETag") == ["\"v1\""])
                    for name in ["Accept-Ranges", "Repr-Digest", "Content-MD5"] { #expect(answer[name] == nil) }
                }
                for answer in [head, known] { #expect(answer["Content-Length"] == nil) }
            }
        }

        @Test func `the cache stores selections, and tags and encodings are theirs`() async throws {
            let names = String(repeating: "name ", count: 200)
            let body = #"{"id":1,"name":"\#(names)","other":"\#(names)"}"#
            let answer: Answer = { request in
                ok(body, Self.type, "Cache-Control: max-age=60", "X-Target: \(request.target)")
            }
            let fields = "[middleware.fields]\n[middleware.cache]"
            try await withProxy(serving(answer), more: fields) { gateway, upstream in
                func get(_ target: String, _ lines: String...) async throws -> Message {
                    let lines = lines.map { $0 + "\r\n" }.joined()
                    return try await gateway.exchange("GET \(target) HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
                }
                let name = #"{"name":"\#(names)"}"#
                let first = try await get("/?fields=name&x=1", "Accept-Encoding: gzip")
                #expect(first["Content-Encoding"] == "gzip")
                #expect(first.decoded == name)
                #expect(first["X-Target"] == "/?x=1")
                let tag = try #require(first["ETag"])
                try await eventuallyAsync("the selection is stored") {
                    (try? await get("/?fields=name&x=1", "Cache-Control: only-if-cached"))?.status == 200
                }
                let hit = try await get("/?fields=name&x=1")
                #expect(hit.text == name)
                #expect(hit["ETag"] == tag)
                #expect(upstream.requests.count == 1)
                #expect(try await get("/?fields=name&x=1", "If-None-Match: \(tag)").status == 304)
                let part = try await get("/?fields=name&x=1", "Range: bytes=1-6")
                #expect(part.status == 206)
                #expect(part.text == "\"name\"")

                // Other expressions, and none, are other entries with other tags.
                let other = try await get("/?fields=id&x=1")
                #expect(other.text == #"{"id":1}"#)
                #expect(other["ETag"] != tag)
                let whole = try await get("/?x=1", "If-None-Match: \(tag)")
                #expect(whole.status == 200)
                #expect(whole.text == body)
                #expect(upstream.requests.count == 3)
                #expect(upstream.requests.allSatisfy { $0.target == "/?x=1" && $0["Range"] == nil })
                #expect(try await get("/?fields=name&x=1").text == name)
                #expect(upstream.requests.count == 3)

                // A mistake is not stored.
                #expect(try await get("/?fields=(").status == 400)
                #expect(try await get("/?fields=(", "Cache-Control: only-if-cached").status == 504)
            }
        }

        @Test func `redirects keep the parameter, and fixed responses are selected from`() async throws {
            let toml = """
                [middleware.fields]
                [[routes]]
                name = "moved"
                path = "/old/*"
                redirect = { to = "/new{uri}" }
                [[routes]]
                name = "fixed"
                path = "/fixed"
                respond = { status = 200, body = '{"a":1,"b":2}', headers = { Content-Type = "application/json" } }
                """
            try await withGateway(toml) { gateway in
                let moved = try await gateway.get("/old/a?fields=a,,b&c=d")
                #expect(moved["Location"]?.hasSuffix("/old/a?fields=a,,b&c=d") == true, "\(moved)")
                #expect(try await gateway.get("/fixed?fields=b").text == #"{"b":2}"#)
                #expect(try await gateway.get("/fixed?fields=)").status == 400)
                #expect(try await gateway.get("/none?fields=)").status == 404)
            }
        }
    }
}
