import NIOConcurrencyHelpers
import Testing

extension EndToEnd {
    /// What the cache gives to callers that authentication has accepted.
    @Suite struct CacheConsumerTests {
        private static let auth = "[routes.auth]\nany = [\"spoken\"]\noptional = true\n"

        /// Runs a gateway whose upstream answers each request with its number.
        private static func withCache<R>(
            _ settings: String = "",
            _ fields: String...,
            body: (RunningGateway, ScriptedUpstream) async throws -> R
        ) async throws -> R {
            let number = NIOLockedValueBox(0)
            return try await withProxy(
                serving { _ in
                    let text = number.withLockedValue { number in
                        number += 1
                        return "\(number)"
                    }
                    return ok(text, fields.joined(separator: "\r\n"))
                },
                more: Self.auth + "[routes.cache]\n\(settings)",
                middlewares: SpokenCallers.middlewares
            ) { gateway, upstream in try await body(gateway, upstream) }
        }

        /// Waits until the response to a request is a hit, and returns its text.
        private static func hit(_ gateway: RunningGateway, _ fields: String...) async throws -> String {
            var text = ""
            try await eventuallyAsync("the response is stored") {
                let field = fields.first ?? "X-None: 1"
                guard let response = try? await gateway.get("/", field) else { return false }
                text = response.text
                return response["cache-status"]?.contains("hit") == true
            }
            return text
        }

        @Test func `what a caller gets is not for others, although the upstream sees no credential`() async throws {
            try await Self.withCache("", "Cache-Control: max-age=60") { gateway, upstream in
                for _ in 0..<2 {
                    let response = try await gateway.get("/", "X-Caller: ann")
                    #expect(response["cache-status"]?.contains("detail=credentials") == true)
                }
                #expect(upstream.requests.count == 2)
                #expect(upstream.requests.allSatisfy { $0["x-caller"] == nil })
                let anonymous = try await gateway.get("/")
                #expect(anonymous.text == "3")
                #expect(try await Self.hit(gateway) != "1")
            }
        }

        @Test func `a response that is for all is`() async throws {
            try await Self.withCache("", "Cache-Control: public, max-age=60") { gateway, _ in
                let text = try await Self.hit(gateway, "X-Caller: ann")
                #expect(try await gateway.get("/", "X-Caller: bob").text == text)
                #expect(try await gateway.get("/").text == text)
            }
        }

        @Test func `each consumer has responses of its own`() async throws {
            try await Self.withCache("key_consumer = true", "Cache-Control: max-age=60") { gateway, _ in
                let ann = try await Self.hit(gateway, "X-Caller: ann")
                let bob = try await Self.hit(gateway, "X-Caller: bob")
                let anonymous = try await Self.hit(gateway)
                #expect(Set([ann, bob, anonymous]).count == 3)
                #expect(try await gateway.get("/", "X-Caller: ann/admin").text == ann)
                // Credentials that authentication has not looked at are the upstream's.
                let cookie = try await gateway.get("/", "X-Caller: ann", "Cookie: user=eve")
                #expect(cookie["cache-status"]?.contains("hit") == false)
                let authorization = try await gateway.get("/", "X-Caller: ann", "Authorization: Bearer x")
                #expect(authorization["cache-status"]?.contains("hit") == false)
            }
        }

        @Test func `an unsafe method drops what all consumers have`() async throws {
            try await Self.withCache("key_consumer = true", "Cache-Control: max-age=60") { gateway, _ in
                let (ann, bob) = (
                    try await Self.hit(gateway, "X-Caller: ann"), try await Self.hit(gateway, "X-Caller: bob")
                )
                _ = try await gateway.exchange("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n")
                #expect(try await gateway.get("/", "X-Caller: ann").text != ann)
                #expect(try await gateway.get("/", "X-Caller: bob").text != bob)
            }
        }
    }
}
