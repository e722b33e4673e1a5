import Testing

extension EndToEnd {
    /// A cache copies the fields of a 304 into the response that it has stored (RFC 9111 section 3.2).
    @Suite struct NotModifiedFieldsTests {
        private static let forDocuments = [
            "Content-Security-Policy", "Content-Security-Policy-Report-Only", "X-Frame-Options",
            "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy", "Permissions-Policy", "Reporting-Endpoints",
        ]

        private static func settings(_ preset: String, override: Bool = false) -> String {
            """
            [middleware.security_headers]
            preset = "\(preset)"
            override = \(override)
            cross_origin_embedder_policy = "require-corp"
            [middleware.security_headers.csp]
            report_only = "img-src 'self'"
            report_path = "/.gateway/csp-reports"
            """
        }

        /// Answers conditions if it knows its tag; otherwise the gateway does.
        private static func document(_ type: String, knowsTag: Bool, _ fields: String = "") -> ScriptedUpstream.Script {
            serving { request in
                if knowsTag, request["If-None-Match"] != nil {
                    return "HTTP/1.1 304 Not Modified\r\nETag: \"v\"\r\n\(fields)\r\n"
                }
                let answer = "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: 5\r\n\(fields)"
                return answer + (knowsTag ? "ETag: \"v\"\r\n" : "") + "\r\nhello"
            }
        }

        @Test(arguments: ["api", "web", "strict"], [true, false])
        func `a 304 has no fields that apply to documents`(_ preset: String, _ knowsTag: Bool) async throws {
            for type in ["text/html", "application/json"] where preset != "strict" || type != "text/html" {
                for override in [false, true] {
                    let settings = Self.settings(preset, override: override)
                    try await withProxy(Self.document(type, knowsTag: knowsTag), more: settings) { gateway, _ in
                        let first = try await gateway.get("/")
                        let tag = try #require(first["ETag"])
                        #expect(first["Content-Security-Policy-Report-Only"] != nil)
                        let second = try await gateway.get("/", "If-None-Match: \(tag)")
                        #expect(second.status == 304)
                        #expect(second["ETag"] == tag)
                        for name in Self.forDocuments { #expect(second[name] == nil, "\(name), \(preset), \(type)") }
                        // All other fields are the same on both.
                        for name in ["X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Resource-Policy"] {
                            #expect(second[name] == first[name], "\(name)")
                        }
                    }
                }
            }
        }

        @Test(arguments: [true, false])
        func `an upstream's fields are kept, unless the gateway replaces them`(_ knowsTag: Bool) async throws {
            let fields =
                "Content-Security-Policy: img-src *\r\nX-Frame-Options: SAMEORIGIN\r\nReferrer-Policy: origin\r\n"
            for override in [false, true] {
                let settings = Self.settings("web", override: override)
                let script = Self.document("text/html", knowsTag: knowsTag, fields)
                try await withProxy(script, more: settings) { gateway, _ in
                    let first = try await gateway.get("/")
                    let tag = try #require(first["ETag"])
                    let second = try await gateway.get("/", "If-None-Match: \(tag)")
                    #expect(second.status == 304)
                    #expect(second.all("Content-Security-Policy") == (override ? [] : ["img-src *"]))
                    #expect(second.all("X-Frame-Options") == (override ? [] : ["SAMEORIGIN"]))
                    #expect(second.all("Referrer-Policy") == first.all("Referrer-Policy"))
                    #expect(first["X-Frame-Options"] == "SAMEORIGIN")
                    #expect((first["Content-Security-Policy"] == "img-src *") == !override)
                }
            }
        }

        /// The stored response has two field lines, which the single one of the 304 would replace.
        @Test func `an upstream's reporting endpoints in a 304 are dropped`() async throws {
            let script = Self.document("text/html", knowsTag: true, "Reporting-Endpoints: a=\"/a\"\r\n")
            try await withProxy(script, more: Self.settings("web")) { gateway, _ in
                let first = try await gateway.get("/")
                #expect(first.all("Reporting-Endpoints").count == 2)
                let second = try await gateway.get("/", "If-None-Match: \"v\"")
                #expect(second.status == 304)
                #expect(second["Reporting-Endpoints"] == nil)
            }
        }
    }
}
