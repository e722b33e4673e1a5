import Testing

extension EndToEnd {
    /// Conditional requests on encoded representations.
    @Suite struct CompressionConditionTests {
        private static let body = CompressionTests.text(2_000)

        /// An upstream with one document that evaluates conditions as in RFC 9110 section 13.
        private static func document(_ tag: String, notModified fields: String = "") -> ScriptedUpstream.Script {
            serving { request in
                let opaque = tag.drop { $0 != "\"" }
                if let match = request["If-Match"], match != "*", !match.contains(tag) || tag.hasPrefix("W/") {
                    return "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n"
                }
                if request.method == "PUT" { return "HTTP/1.1 204 No Content\r\nETag: \(tag)\r\n\r\n" }
                if let none = request["If-None-Match"], none == "*" || none.contains(opaque) {
                    return "HTTP/1.1 304 Not Modified\r\nETag: \(tag)\r\n\(fields)\r\n"
                }
                if request["Range"] != nil, request["If-Range"].map({ $0 == tag }) ?? true {
                    return "HTTP/1.1 206 Partial Content\r\nContent-Type: text/plain\r\nETag: \(tag)\r\n"
                        + "Content-Range: bytes 0-9/2000\r\nContent-Length: 10\r\n\r\n" + Self.body.prefix(10)
                }
                return ok(Self.body, "Content-Type: text/plain", "ETag: \(tag)")
            }
        }

        @Test(arguments: [
            ("gzip", "\"x\"", "\"x-gw-gzip\""), ("br", "\"x\"", "\"x-gw-br\""), ("gzip", "W/\"x\"", "W/\"x\""),
            ("identity", "\"x\"", "\"x\""), ("gzip", "\"\"", "\"-gw-gzip\""), ("gzip", "x", "x"),
            // Not valid tags (RFC 9110 section 8.8.3).
            ("gzip", "\"a\"b\"", "\"a\"b\""), ("gzip", "\"a b\"", "\"a b\""), ("gzip", "\"a\", \"b\"", "\"a\", \"b\""),
            ("gzip", "\"", "\""), ("gzip", "w/\"a\"", "w/\"a\""), ("gzip", "\"a\"-\"", "\"a\"-\""),
        ])
        func `a strong tag contains its coding`(_ accepted: String, _ tag: String, _ expected: String) async throws {
            try await withProxy(Self.document(tag)) { gateway, _ in
                let response = try await gateway.get("/", "Accept-Encoding: \(accepted)")
                #expect(response["ETag"] == expected)
            }
        }

        /// Per case: what the client accepts and sends, the response, and the condition sent upstream.
        @Test(arguments: [
            ("gzip", "\"x-gw-gzip\"", 304, "\"x-gw-gzip\"", "\"x\""),
            ("gzip", "W/\"x-gw-gzip\"", 304, "\"x-gw-gzip\"", "W/\"x\""),
            ("br", "\"x-gw-gzip\", \"x-gw-br\"", 304, "\"x-gw-br\"", "\"x-gw-gzip\", \"x\""),
            ("gzip", "\"a,b\", \"x-gw-gzip\"", 304, "\"x-gw-gzip\"", "\"a,b\", \"x\""),
            // The plain representation, which the client has and which the upstream still has.
            ("gzip", "\"x\"", 304, "\"x\"", "\"x\""), ("identity", "\"x\"", 304, "\"x\"", "\"x\""),
            // Tags of representations that this request would not receive.
            ("br", "\"x-gw-gzip\"", 200, "\"x-gw-br\"", "\"x-gw-gzip\""),
            ("identity", "\"x-gw-gzip\"", 200, "\"x\"", "\"x-gw-gzip\""),
            ("gzip", "\"y-gw-gzip\"", 200, "\"x-gw-gzip\"", "\"y\""),
        ])
        func `If-None-Match matches the representation whose tag it contains`(
            _ accepted: String,
            _ named: String,
            _ status: Int,
            _ tag: String,
            _ forwarded: String
        ) async throws {
            try await withProxy(Self.document("\"x\"")) { gateway, upstream in
                let response = try await gateway.get("/", "Accept-Encoding: \(accepted)", "If-None-Match: \(named)")
                #expect(response.status == status)
                #expect(response["ETag"] == tag)
                #expect(response.all("Vary") == ["Accept-Encoding"])
                #expect(response.body.isEmpty == (status == 304))
                #expect(upstream.requests.last?.all("If-None-Match") == [forwarded])
            }
        }

        @Test func `a weak tag matches every coding`() async throws {
            try await withProxy(Self.document("W/\"x\"")) { gateway, _ in
                for accepted in ["gzip", "br", "identity"] {
                    let response = try await gateway.get("/", "Accept-Encoding: \(accepted)", "If-None-Match: W/\"x\"")
                    #expect(response.status == 304)
                    #expect(response["ETag"] == "W/\"x\"")
                }
            }
        }

        @Test func `the tags of several field lines are one list`() async throws {
            try await withProxy(Self.document("\"x\"")) { gateway, upstream in
                let response = try await gateway.get(
                    "/",
                    "Accept-Encoding: gzip",
                    "If-None-Match: \"a\"",
                    "If-None-Match: \"x-gw-gzip\""
                )
                #expect(response.status == 304)
                #expect(response["ETag"] == "\"x-gw-gzip\"")
                #expect(upstream.requests.last?.all("If-None-Match") == ["\"a\", \"x\""])
            }
        }

        @Test(arguments: [
            ("", "\"x\"", ["Accept-Encoding"]), ("Content-Type: text/plain\r\n", "\"x-gw-gzip\"", ["Accept-Encoding"]),
            ("Content-Type: image/png\r\n", "\"x\"", []), ("Content-Encoding: br\r\n", "\"x\"", []),
            ("Vary: Origin\r\n", "\"x\"", ["Origin, Accept-Encoding"]),
            ("Cache-Control: no-transform\r\n", "\"x\"", []),
        ])
        func `a 304 for If-None-Match with an asterisk has the best known tag and Vary`(
            _ fields: String,
            _ tag: String,
            _ vary: [String]
        ) async throws {
            try await withProxy(Self.document("\"x\"", notModified: fields)) { gateway, _ in
                let response = try await gateway.get("/", "Accept-Encoding: gzip", "If-None-Match: *")
                #expect(response.status == 304)
                #expect(response["ETag"] == tag)
                #expect(response.all("Vary") == vary)
            }
        }

        @Test(arguments: ["\"x\"", "\"x-gw-br\"", "\"x-gw-gzip\"", "\"x-gw-deflate\"", "\"y\", \"x-gw-gzip\""])
        func `a write accepts the tag of any coding`(_ tag: String) async throws {
            try await withProxy(Self.document("\"x\"")) { gateway, _ in
                for accepted in ["gzip", "identity"] {
                    let response = try await gateway.exchange(
                        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nAccept-Encoding: \(accepted)\r\nIf-Match: \(tag)\r\n\r\n"
                    )
                    #expect(response.status == 204)
                }
                let other = try await gateway.exchange(
                    "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nIf-Match: \"z-gw-br\"\r\n\r\n"
                )
                #expect(other.status == 412)
            }
        }

        @Test(arguments: [("gzip", "\"x-gw-gzip\"", 200), ("br", "\"x-gw-gzip\"", 412), ("gzip", "\"x\"", 200)])
        func `If-Match with GET`(_ accepted: String, _ tag: String, _ status: Int) async throws {
            try await withProxy(Self.document("\"x\"")) { gateway, _ in
                let response = try await gateway.get("/", "Accept-Encoding: \(accepted)", "If-Match: \(tag)")
                #expect(response.status == status)
            }
        }

        /// RFC 9110 section 15.4.5: if the client sends no tag, only the 200 that would have been sent determines
        /// which one.
        @Test(arguments: ["GET", "HEAD"], [600, 100_000])
        func `a 304 generated by the gateway has the tag that the 200 would have`(_ method: String, _ size: Int)
            async throws
        {
            let date = "Sun, 06 Nov 1994 08:49:37 GMT"
            let text = CompressionTests.text(size)
            let answers: [(fields: [String], tag: String)] = [
                (["Content-Type: text/plain"], "\"x-gw-gzip\""), (["Content-Type: image/png"], "\"x\""),
                (["Content-Type: text/plain", "Content-Encoding: br"], "\"x\""), ([], "\"x\""),
            ]
            for (fields, tag) in answers {
                let lines = (fields + ["ETag: \"x\"", "Last-Modified: \(date)"]).map { $0 + "\r\n" }.joined()
                let script = serving { request in
                    let head = "HTTP/1.1 200 OK\r\n\(lines)Content-Length: \(text.utf8.count)\r\n\r\n"
                    return request.method == "HEAD" ? head : head + text
                }
                try await withProxy(script) { gateway, _ in
                    for condition in ["If-Modified-Since: \(date)", "If-None-Match: *"] {
                        let lines = "Host: a\r\nAccept-Encoding: gzip\r\n"
                        let usual = try await gateway.exchange("\(method) / HTTP/1.1\r\n\(lines)\r\n")
                        #expect(usual["ETag"] == tag)
                        let response = try await gateway.exchange(
                            "\(method) / HTTP/1.1\r\n\(lines)\(condition)\r\n\r\n"
                        )
                        #expect(response.status == 304)
                        #expect(response["ETag"] == tag, "\(fields), \(condition)")
                    }
                }
            }
        }

        /// Plain bytes must not be appended to encoded ones.
        @Test(arguments: ["If-Range", "If-Match"], ["gzip", "identity", "br"])
        func `a range request with an encoded tag never gets plain bytes`(
            _ condition: String,
            _ accepted: String
        ) async throws {
            try await withProxy(Self.document("\"x\"")) { gateway, upstream in
                let response = try await gateway.get(
                    "/",
                    "Accept-Encoding: \(accepted)",
                    "Range: bytes=0-9",
                    "\(condition): \"x-gw-gzip\""
                )
                if condition == "If-Match", accepted != "gzip" {
                    #expect(response.status == 412)
                } else {
                    #expect(response.status == 200)
                    #expect(response.decoded == Self.body)
                }
                // Without Range, If-Range has no meaning (RFC 9110 section 13.1.5).
                let forwarded = condition == "If-Match" ? "\"x\"" : nil
                if accepted == "gzip" { #expect(upstream.requests.last?[condition] == forwarded) }
                let plain = try await gateway.get(
                    "/",
                    "Accept-Encoding: \(accepted)",
                    "Range: bytes=0-9",
                    "\(condition): \"x\""
                )
                #expect(plain.status == 206)
                #expect(plain.all("Vary") == ["Accept-Encoding"])
                #expect(plain["ETag"] == "\"x\"")
                #expect(plain.text == String(Self.body.prefix(10)))
            }
        }

        /// A date cannot distinguish the encoded representation from the plain one.
        @Test(arguments: [
            ("gzip", "Sun, 06 Nov 1994 08:49:37 GMT", 200), ("identity", "Sun, 06 Nov 1994 08:49:37 GMT", 206),
            ("gzip", "soon", 200), ("gzip", "\"x\"", 206), ("gzip;q=0", "Sun, 06 Nov 1994 08:49:37 GMT", 206),
        ])
        func `If-Range with a date drops Range if the response may be encoded`(
            _ accepted: String,
            _ condition: String,
            _ status: Int
        ) async throws {
            let script = serving { request in
                if request["Range"] == nil { return ok(Self.body, "Content-Type: text/plain") }
                return "HTTP/1.1 206 Partial Content\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-9/2000\r\n"
                    + "Content-Length: 10\r\n\r\n" + Self.body.prefix(10)
            }
            try await withProxy(script) { gateway, upstream in
                let response = try await gateway.get(
                    "/",
                    "Accept-Encoding: \(accepted)",
                    "Range: bytes=0-9",
                    "If-Range: \(condition)"
                )
                #expect(response.status == status)
                #expect(upstream.requests.last?["If-Range"] == (status == 206 ? condition : nil))
                #expect(response["Content-Encoding"] == (status == 206 ? nil : "gzip"))
            }
        }

        @Test(arguments: [
            ("Content-Type: text/plain\r\nContent-Range: bytes 0-9/2000", ["Accept-Encoding"]),
            ("Content-Type: text/plain\r\nContent-Range: bytes 0-9/*", ["Accept-Encoding"]),
            ("Content-Type: multipart/byteranges; boundary=a", ["Accept-Encoding"]),
            ("Content-Type: text/plain\r\nContent-Range: bytes 0-9/2000\r\nVary: Origin", ["Origin, Accept-Encoding"]),
            // The complete representation would never be encoded.
            ("Content-Type: text/plain\r\nContent-Range: bytes 0-9/20", []),
            ("Content-Type: image/png\r\nContent-Range: bytes 0-9/2000", []),
            ("Content-Type: text/plain\r\nContent-Range: bytes 0-9/2000\r\nContent-Encoding: br", []),
            ("Content-Type: multipart/byteranges; boundary=a\r\nCache-Control: no-transform", []),
        ])
        func `a partial response has the Vary of the complete one`(_ fields: String, _ vary: [String]) async throws {
            let answer = "HTTP/1.1 206 Partial Content\r\n\(fields)\r\nContent-Length: 10\r\n\r\n0123456789"
            try await withProxy(serving { _ in answer }) { gateway, _ in
                for accepted in ["gzip", "identity"] {
                    let response = try await gateway.get("/", "Accept-Encoding: \(accepted)", "Range: bytes=0-9")
                    #expect(response.status == 206)
                    #expect(response.text == "0123456789")
                    #expect(response.all("Vary") == vary)
                }
            }
        }

        /// RFC 9111 section 5.2.1.6.
        @Test(arguments: ["no-transform", "max-age=0, No-Transform"])
        func `a request can prevent encoding`(_ control: String) async throws {
            try await withProxy(Self.document("\"x\"")) { gateway, _ in
                let fields = ["Accept-Encoding: gzip", "Cache-Control: \(control)"]
                let response = try await gateway.get("/", fields[0], fields[1])
                #expect(response["Content-Encoding"] == nil)
                #expect(response["Content-Length"] == "2000")
                #expect(response["ETag"] == "\"x\"")
                #expect(response.all("Vary") == ["Accept-Encoding"])
            }
        }
    }
}
