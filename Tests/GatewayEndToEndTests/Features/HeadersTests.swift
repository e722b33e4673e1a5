import Testing

@testable import Gateway
@testable import GatewaySettings

extension EndToEnd {
    /// Fields changed by configuration.
    @Suite struct HeadersTests {
        @Test func `request fields are changed before the upstream sees them`() async throws {
            let settings = """
                [middleware.headers.request]
                set = { X-Set = "a", X-Client = "{client_ip} {scheme} {host} {path} {query} {uri} {route}", X-ID = "{request_id}" }
                add = { X-Add = "b" }
                remove = ["X-Gone", "cookie"]
                """
            try await withProxy(serving { _ in ok() }, more: settings) { gateway, upstream in
                let response = try await gateway.get(
                    "/p?q=1",
                    "X-Set: old",
                    "x-set: older",
                    "X-Add: old",
                    "X-Gone: 1",
                    "Cookie: c",
                    "X-Kept: d"
                )
                let request = try #require(upstream.requests.first)
                #expect(request.all("X-Set") == ["a"])
                #expect(request.all("X-Add") == ["old", "b"])
                #expect(request["X-Gone"] == nil)
                #expect(request["Cookie"] == nil)
                #expect(request["X-Kept"] == "d")
                #expect(request["X-Client"] == "127.0.0.1 http a.example /p q=1 /p?q=1 all")
                #expect(request["X-ID"] == response["X-Request-ID"])
            }
        }

        @Test func `response fields are changed, also those of local responses`() async throws {
            let settings = """
                [middleware.headers.response]
                set = { X-Set = "{path}" }
                add = { Link = "</a>", Set-Cookie = "b=c" }
                remove = ["X-Gone"]
                """
            let answer = ok("", "X-Set: old", "X-Gone: 1", "Set-Cookie: a=b", "Link: <x>")
            try await withProxy(serving { _ in answer }, more: settings) { gateway, _ in
                let response = try await gateway.get("/p")
                #expect(response.all("X-Set") == ["/p"])
                #expect(response["X-Gone"] == nil)
                #expect(response.all("Set-Cookie") == ["a=b", "b=c"])
                #expect(response.all("Link") == ["<x>", "</a>"])
                let error = try await gateway.exchange("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(error.status == 405)
                #expect(error.all("Link") == ["</a>"])
            }
        }

        @Test func `client input cannot start another field line`() async throws {
            let settings = "[middleware.headers.response]\nset = { X-Path = \"{uri}\", X-Host = \"{host}\" }"
            try await withProxy(serving { _ in ok() }, more: settings) { gateway, _ in
                let response = try await gateway.get("/%0d%0aX-Evil:%201?%0aX-Evil:1")
                #expect(response["X-Evil"] == nil)
                #expect(response.fields.filter { $0.name == "X-Path" }.count == 1)
            }
        }

        @Test(arguments: [
            ("request = { set = { Host = \"a\" } }", "preserve_host"),
            ("request = { remove = [\"content-length\"] }", "belongs to the gateway"),
            ("response = { add = { Transfer-Encoding = \"chunked\" } }", "belongs to the gateway"),
            ("response = { set = { Connection = \"close\" } }", "belongs to the gateway"),
            ("response = { remove = [\"vary\"] }", "remove it"),
            ("response = { set = { Content-Encoding = \"identity\" } }", "describes the bytes of the body"),
            ("request = { set = { Upgrade = \"h2c\" } }", "belongs to the gateway"),
            ("request = { set = { \"a b\" = \"c\" } }", "not a header name"),
            ("request = { set = { A = \"b\\nc\" } }", "header fields cannot have"),
            ("request = { set = { A = \"{consumers}\" } }", "is not known"),
            ("response = { set = { A = \"{nothing}\" } }", "{nothing} is not known"),
        ])
        func `protected fields are configuration errors`(settings: String, message: String) async throws {
            let toml = "[middleware.headers]\n\(settings)\n[[routes]]\npath = \"/\"\nrespond = {}"
            let configuration = try GatewayConfiguration(toml: toml, environment: [:])
            let errors = try await PlanCheck(configuration).errors
            #expect(errors.count == 1)
            #expect(errors.first?.line == 2)
            #expect(errors.first?.description.contains(message) == true, "\(errors)")
        }

        /// RFC 9110 section 6.5.1.
        @Test func `a trailer cannot set a field that the head must not set`() async throws {
            let settings = """
                [middleware.request_id]
                header = "X-Trace-Me"
                [middleware.headers.request]
                set = { X-Client = "{client_ip}" }
                remove = ["X-Admin"]
                [middleware.headers.response]
                remove = ["X-Internal"]
                """
            let script: ScriptedUpstream.Script = { session in
                let request = try await session.request()
                let trailers = request.trailers.map { "\($0.name): \($0.value)" }.joined(separator: ";")
                try await session.send(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(String(trailers.utf8.count, radix: 16))\r\n\(trailers)\r\n0\r\n"
                        + "X-Internal: 1\r\nServer: s\r\nX-Trace-Me: forged\r\nServer-Timing: a\r\nX-Sum: 2\r\n\r\n"
                )
            }
            try await withProxy(script, more: settings) { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
                        + "X-Admin: 1\r\nX-Client: 9.9.9.9\r\nX_Client: 9.9.9.9\r\nX.Client: 9.9.9.9\r\nX-Trace-Me: forged\r\ntraceparent: 00-1-2-01\r\nVia: 1.1 a\r\n"
                        + "baggage: a=b\r\nOrigin: b\r\nX-Sum: 1\r\n\r\n"
                )
                let response = try await client.response()
                #expect(response.text == "X-Sum: 1")
                #expect(response.trailers.map(\.name) == ["Server-Timing", "X-Sum"])
            }
        }

        @Test func `Vary is merged with the gateway's`() async throws {
            let settings = """
                [middleware.compression]
                min_size = "1B"
                [middleware.headers.response]
                set = { Vary = "X-A, accept-encoding" }
                add = { vary = "X-B" }
                """
            let answer = ok(String(repeating: "text ", count: 400), "Content-Type: text/plain", "Vary: X-C")
            try await withProxy(serving { _ in answer }, more: settings) { gateway, _ in
                let response = try await gateway.get("/", "Accept-Encoding: gzip")
                #expect(response["Content-Encoding"] == "gzip")
                #expect(response.all("Vary") == ["X-C, Accept-Encoding, X-A, X-B"])
            }
        }
    }
}
