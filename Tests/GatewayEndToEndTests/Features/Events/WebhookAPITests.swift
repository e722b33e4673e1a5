import Gateway
import GatewayHTTP
import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayEvents
@testable import GatewaySettings

extension EndToEnd {
    /// Webhooks through the admin API.
    @Suite struct WebhookAPITests {
        private static func withWebhooks(
            _ more: String = "",
            _ script: @escaping ScriptedUpstream.Script = serving { _ in ok("thanks") },
            _ body: (RunningGateway, ScriptedUpstream) async throws -> Void
        ) async throws {
            try await withUpstream(script) { receiver in
                let file = more.replacing("RECEIVER", with: receiver.authority)
                let toml = proxy(to: receiver.url, more: "[events]\nallow_private = true\n\(file)")
                let admin = AdminListen.address(.host("127.0.0.1", port: 0))
                try await withGateway(toml, admin: admin) { try await body($0, receiver) }
            }
        }

        private static func json(_ message: Message) throws -> JSONValue { try StrictJSON.parse(message.body) }

        private static func create(
            _ receiver: ScriptedUpstream,
            _ more: String = "",
            at gateway: RunningGateway
        ) async throws -> Message {
            try await gateway.admin(
                "POST /webhooks",
                body: "{\"url\":\"http://\(receiver.authority)/hook?k=S3CRET\"\(more)}"
            )
        }

        private static func secret(_ message: Message) throws -> WebhookSecret {
            guard case .string(let text)? = try self.json(message)["secret"] else { throw TimedOut(what: "a secret") }
            return try WebhookSecret(text)
        }

        /// The signatures that a request has and should have.
        private static func expectSignatures(_ request: Message, _ secrets: [WebhookSecret]) throws {
            let signature = WebhookSignature.text(
                id: try #require(request["webhook-id"]),
                timestamp: try #require(Int64(request["webhook-timestamp"] ?? "")),
                body: ByteBuffer(bytes: request.body),
                secrets: secrets
            )
            #expect(request["webhook-signature"] == signature)
        }

        @Test func `a webhook is made, shown, tested and deleted`() async throws {
            try await Self.withWebhooks { gateway, receiver in
                let made = try await Self.create(receiver, #","events":["upstream.*"]"#, at: gateway)
                #expect(made.status == 201)
                #expect(made["Location"] == "/webhooks/127.0.0.1")
                #expect(try Self.json(made)["id"] == "127.0.0.1")
                #expect(try Self.json(made)["url"] == .string("http://\(receiver.authority)/hook?k=S3CRET"))
                let secret = try Self.secret(made)

                let shown = try await gateway.admin("GET /webhooks/127.0.0.1")
                #expect(shown.status == 200 && !shown.text.contains("secret"))
                #expect(try Self.json(shown)["enabled"] == true)
                let list = try Self.json(try await gateway.admin("GET /webhooks"))
                #expect(list["webhooks"] == .array([try Self.json(shown)]))

                let test = try await gateway.admin("POST /webhooks/127.0.0.1/test")
                #expect(test.status == 200)
                #expect(try Self.json(test)["delivered"] == true)
                #expect(try Self.json(test)["status"] == 200)
                #expect(try Self.json(test)["answer"] == "thanks")
                #expect(try Self.json(test)["error"] == .null)
                let request = try #require(receiver.requests.first)
                #expect(request.method == "POST" && request.target == "/hook?k=S3CRET")
                #expect(try Self.json(request)["type"] == "webhook.test")
                try Self.expectSignatures(request, [secret])

                let deleted = try await gateway.admin("DELETE /webhooks/127.0.0.1")
                #expect(deleted.status == 204 && deleted.body.isEmpty)
                for line in ["GET /webhooks/127.0.0.1", "POST /webhooks/127.0.0.1/test", "DELETE /webhooks/127.0.0.1"] {
                    #expect(try await gateway.admin(line).status == 404)
                }
            }
        }

        @Test func `bad input has a reason for each field`() async throws {
            try await Self.withWebhooks { gateway, _ in
                #expect(try await gateway.admin("POST /webhooks", body: "{").status == 400)
                #expect(try await gateway.admin("POST /webhooks", body: #"{"url":"a","url":"b"}"#).status == 400)
                #expect(try await gateway.admin("POST /webhooks", body: "[]").status == 422)
                let refused = try await gateway.admin(
                    "POST /webhooks",
                    body: #"""
                        {"url":"https://u:S3CRET@a.example/","secret":"S3CRET","colour":1,"enabled":"yes",
                        "filter":{"severity":["x"]},"format":"pagerduty"}
                        """#
                )
                #expect(refused.status == 422 && refused.code == "validation_failed")
                guard case .array(let errors)? = try Self.json(refused)["errors"] else {
                    Issue.record("no errors in \(refused.text)")
                    return
                }
                let fields = errors.compactMap { $0["field"]?.string }
                #expect(Set(fields) == ["url", "secret", "colour", "enabled", "filter.severity[0]"])
                #expect(!refused.text.contains("S3CRET"))
                #expect(try Self.json(try await gateway.admin("GET /webhooks"))["webhooks"] == [])
            }
        }

        @Test func `private addresses are refused unless they are allowed`() async throws {
            let admin = AdminListen.address(.host("127.0.0.1", port: 0))
            try await withGateway(proxy(to: "http://127.0.0.1:9"), admin: admin) { gateway in
                for url in ["http://a.example/", "https://127.0.0.1/", "https://[::ffff:10.0.0.1]/", "https://0x7f.1/"]
                {
                    let refused = try await gateway.admin("POST /webhooks", body: "{\"url\":\"\(url)\"}")
                    #expect(refused.status == 422, "\(url)")
                    #expect(refused.text.contains("\"field\":\"url\""))
                }
                #expect(try await gateway.admin("POST /webhooks", body: #"{"url":"https://a.example/"}"#).status == 201)
            }
        }

        @Test func `IDs are given, or numbered`() async throws {
            try await Self.withWebhooks { gateway, receiver in
                #expect(try await Self.create(receiver, #","id":"a:b""#, at: gateway)["Location"] == "/webhooks/a:b")
                #expect(try await gateway.admin("GET /webhooks/a%3Ab").status == 200)
                #expect(try await gateway.admin("GET /api/v1/webhooks/a:b").status == 200)
                #expect(try await Self.create(receiver, #","id":"a:b""#, at: gateway).status == 409)
                #expect(try await Self.create(receiver, at: gateway)["Location"] == "/webhooks/127.0.0.1")
                #expect(try await Self.create(receiver, at: gateway)["Location"] == "/webhooks/127.0.0.1-2")
                let list = try await gateway.admin("GET /api/v1/webhooks?limit=2")
                guard case .array(let webhooks)? = try Self.json(list)["webhooks"] else { return }
                #expect(webhooks.count == 2)
            }
        }

        @Test func `a patch changes what it names`() async throws {
            try await Self.withWebhooks { gateway, receiver in
                let made = try await Self.create(
                    receiver,
                    #","id":"w","events":["a.b"],"headers":{"X-A":"1","X-B":"2"},"timeout":"3s""#,
                    at: gateway
                )
                let secret = try Self.secret(made)
                // What was read may be sent back.
                let patch =
                    #"{"events":["*"],"filter":{"severity":["critical"]},"headers":{"X-A":"[redacted]","X-B":null},"timeout":null}"#
                let changed = try Self.json(try await gateway.admin("PATCH /webhooks/w", body: patch))
                #expect(changed["events"] == ["*"])
                #expect(changed["filter"]?["severity"] == ["critical"])
                #expect(changed["timeout"] == "10s")
                #expect(changed["headers"] == ["X-A": "[redacted]"])
                _ = try await gateway.admin("POST /webhooks/w/test")
                let request = try #require(receiver.requests.last)
                #expect(request["X-A"] == "1" && request["X-B"] == nil)
                try Self.expectSignatures(request, [secret])

                for (patch, status) in [
                    (#"{"id":"v"}"#, 422), (#"{"id":"w"}"#, 200), (#"{"url":null}"#, 422), (#"{"colour":1}"#, 422),
                    ("[]", 422),
                    (#"{"format":"template"}"#, 422), (#"{"enabled":false}"#, 200), ("{", 400), ("{}", 200),
                ] {
                    #expect(try await gateway.admin("PATCH /webhooks/w", body: patch).status == status, "\(patch)")
                }
                let after = try Self.json(try await gateway.admin("GET /webhooks/w"))
                #expect(after["enabled"] == false && after["events"] == ["*"])
                #expect(try await gateway.admin("PATCH /webhooks/none", body: "{}").status == 404)
            }
        }

        @Test func `webhooks of the file are read-only, but can be tested and disabled`() async throws {
            let file = """
                [[events.webhooks]]
                url = "http://RECEIVER/S3CRET"
                events = ["upstream.*"]
                """
            try await Self.withWebhooks(file) { gateway, receiver in
                let path = "/webhooks/127.0.0.1"
                let shown = try await gateway.admin("GET \(path)")
                #expect(try Self.json(shown)["source"] == "file")
                #expect(try Self.json(shown)["url"] == .string("http://\(receiver.authority)/[redacted]"))
                #expect(try await gateway.admin("PATCH \(path)", body: "{}").status == 409)
                #expect(try await gateway.admin("DELETE \(path)").status == 409)
                #expect(try await gateway.admin("POST \(path)/rotate").status == 409)
                #expect(try await gateway.admin("POST \(path)/test").status == 200)
                #expect(try Self.json(try await gateway.admin("POST \(path)/disable"))["enabled"] == false)
                #expect(try Self.json(try await gateway.admin("GET \(path)"))["enabled"] == false)
                #expect(try Self.json(try await gateway.admin("POST \(path)/enable"))["enabled"] == true)
                #expect(receiver.requests.first?["webhook-signature"] == nil)
                #expect(try await gateway.admin("PUT \(path)")["Allow"] == "GET, HEAD, PATCH, DELETE")
                #expect(try await gateway.admin("DELETE /webhooks")["Allow"] == "GET, HEAD, POST")
            }
        }

        @Test func `after a rotation both secrets sign`() async throws {
            try await Self.withWebhooks { gateway, receiver in
                let old = try Self.secret(try await Self.create(receiver, #","id":"w""#, at: gateway))
                let rotated = try await gateway.admin("POST /webhooks/w/rotate")
                #expect(rotated.status == 200)
                let new = try Self.secret(rotated)
                #expect(new != old)
                _ = try await gateway.admin("POST /webhooks/w/test")
                try Self.expectSignatures(try #require(receiver.requests.last), [new, old])
                #expect(try await !gateway.admin("GET /webhooks/w").text.contains("whsec_"))
            }
        }

        @Test func `events are delivered, listed and delivered again`() async throws {
            try await Self.withWebhooks("", serving { ok($0.target == "/hook?k=S3CRET" ? "" : "x") }) {
                gateway,
                receiver in
                _ = try await Self.create(receiver, #","id":"w","events":["upstream.*"]"#, at: gateway)
                for type in ["upstream.down", "redis.down", "upstream.up"] {
                    gateway.server.publish(GatewayEvent(type, .warning, topic: "upstreams.api", ["upstream": "api"]))
                }
                try await eventually("two deliveries") { receiver.requests.count == 2 }
                #expect(try receiver.requests.map { try Self.json($0)["type"] } == ["upstream.down", "upstream.up"])
                var deliveries: [JSONValue] = []
                try await eventuallyAsync("they are listed") {
                    let list = try? Self.json(try await gateway.admin("GET /webhooks/w/deliveries?status=delivered"))
                    if case .array(let list)? = list?["deliveries"] { deliveries = list }
                    return deliveries.count == 2
                }
                #expect(deliveries[0]["type"] == "upstream.up")
                #expect(deliveries[0]["id"]?.string == receiver.requests[1]["webhook-id"])
                #expect(deliveries[0]["status"] == "delivered")
                let page = try Self.json(try await gateway.admin("GET /webhooks/w/deliveries?limit=1"))
                let cursor = try #require(page["cursor"]?.string)
                let next = try Self.json(try await gateway.admin("GET /webhooks/w/deliveries?limit=1&cursor=\(cursor)"))
                #expect(next["deliveries"] == [deliveries[1]] && next["cursor"] == .null)

                let id = try #require(deliveries[1]["id"]?.string)
                #expect(try await gateway.admin("POST /webhooks/w/deliveries/\(id)/redeliver").status == 202)
                try await eventually("the event again") { receiver.requests.count == 3 }
                #expect(receiver.requests[2]["webhook-id"] == id)
                for query in ["status=late", "cursor=x", "limit=0", "colour=1"] {
                    #expect(try await gateway.admin("GET /webhooks/w/deliveries?\(query)").status == 422, "\(query)")
                }
                #expect(try await gateway.admin("POST /webhooks/w/deliveries/none/redeliver").status == 404)
            }
        }

        @Test func `writes are limited`() async throws {
            try await Self.withWebhooks { gateway, receiver in
                for number in 0..<60 {
                    #expect(try await gateway.admin("DELETE /webhooks/none").status == 404, "\(number)")
                }
                let refused = try await Self.create(receiver, at: gateway)
                #expect(refused.status == 429 && refused.code == "rate_limited")
                #expect((1...60).contains(Int(refused["Retry-After"] ?? "") ?? 0))
                #expect(try await gateway.admin("GET /webhooks").status == 200)
            }
        }

        @Test func `the audit log has every write and no secret`() async throws {
            try await Self.withWebhooks { gateway, receiver in
                let made = try await Self.create(
                    receiver,
                    #","id":"w","headers":{"Authorization":"S3CRET"},"format":"pagerduty","routing_key":"S3CRET""#,
                    at: gateway
                )
                #expect(made.status == 201)
                for line in [
                    "PATCH /webhooks/w", "POST /webhooks/w/rotate", "POST /webhooks/w/disable",
                    "POST /webhooks/w/enable",
                    "POST /webhooks/w/test", "DELETE /webhooks/w",
                ] { _ = try await gateway.admin(line, body: "{}") }
                let audit = try await gateway.admin("GET /audit")
                for action in ["create", "change", "rotate", "disable", "enable", "test", "delete"] {
                    #expect(audit.text.contains("\"webhook.\(action)\""), "\(action)")
                }
                #expect(audit.text.contains("http://\(receiver.authority)/[redacted]"))
                #expect(!audit.text.contains("S3CRET") && !audit.text.contains("whsec_"))
            }
        }
    }
}

extension JSONValue {
    fileprivate var string: String? { if case .string(let text) = self { text } else { nil } }
}
