import Testing

@testable import Gateway

extension EndToEnd {
    /// Fields that a configuration changes.
    @Suite struct HeadersTests {
        @Test func `requests are changed on their way up`() async throws {
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

        @Test func `responses are changed on their way down, the gateway's own too`() async throws {
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

        @Test func `what a client writes cannot begin another line`() async throws {
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
            ("request = { set = { Upgrade = \"h2c\" } }", "belongs to the gateway"),
            ("request = { set = { \"a b\" = \"c\" } }", "no field name"),
            ("request = { set = { A = \"b\\nc\" } }", "no field may have"),
            ("request = { set = { A = \"{jwt.sub}\" } }", "not supported"),
            ("response = { set = { A = \"{consumer}\" } }", "not supported"),
            ("response = { set = { A = \"{nothing}\" } }", "{nothing} is not known"),
        ])
        func `what must not be touched is a mistake`(settings: String, message: String) async throws {
            let toml = "[middleware.headers]\n\(settings)\n[[routes]]\npath = \"/\"\nrespond = {}"
            let configuration = try GatewayConfiguration(toml: toml, environment: [:])
            let errors = try await PlanCheck(configuration).errors
            #expect(errors.count == 1)
            #expect(errors.first?.line == 2)
            #expect(errors.first?.description.contains(message) == true, "\(errors)")
        }
    }
}
