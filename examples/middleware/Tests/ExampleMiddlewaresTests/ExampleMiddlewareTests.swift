import Gateway
import GatewayTesting
import HTTPTypes
import Testing

@testable import ExampleMiddlewares

struct ExampleMiddlewareTests {
    @Test func `rejects a request without a tenant`() async throws {
        let route = try await TestRoute(.of(Tenant.self, defaults: .init()))
        #expect(try await route.send(.get, "/").status == 400)
        #expect(route.upstream.requests.isEmpty)
    }

    @Test func `forwards a request with a tenant`() async throws {
        let route = try await TestRoute(.of(Tenant.self, defaults: .init(header: "X-Customer")))
        let customer = try #require(HTTPField.Name("X-Customer"))
        #expect(try await route.send(.get, "/", headers: [customer: "acme"]).status == 200)
        #expect(route.upstream.requests.first?.head.headerFields[customer] == "acme")
    }

    @Test func `rejects a setting that cannot be a header name`() async throws {
        await #expect(throws: ConfigurationErrors.self) {
            try await TestRoute(.of(Tenant.self, defaults: .init(header: "two words")))
        }
    }

    @Test func `sets and removes headers in both directions`() async throws {
        let upstream = FakeUpstream(.init(headers: [try #require(HTTPField.Name("X-Internal-Host")): "db-7"]))
        let route = try await TestRoute(.of(Region.self, defaults: .init()), upstream: upstream)
        let answer = try await route.send(.get, "/")
        let region = try #require(HTTPField.Name("X-Region"))
        #expect(answer.headers[region] == "eu-1")
        #expect(answer.headers.count { $0.name.canonicalName == "x-internal-host" } == 0)
        #expect(upstream.requests.first?.head.headerFields[region] == "eu-1")
    }

    @Test(arguments: [("{\"a\":1}", 200), ("{\"a\":", 400)])
    func `rejects a body that is not JSON`(body: String, status: Int) async throws {
        let route = try await TestRoute(.of(ValidJSON.self, defaults: .init()))
        #expect(try await route.send(.post, "/", body: body).status == status)
    }

    @Test func `forwards a body that is too large to check`() async throws {
        let route = try await TestRoute(.of(ValidJSON.self, defaults: .init(maxBody: 4)))
        #expect(try await route.send(.post, "/", body: "not JSON").status == 200)
    }

    @Test func `replaces links in a response`() async throws {
        let upstream = FakeUpstream(.init(text: "{\"next\":\"http://127.0.0.1:9001/2\"}"))
        let route = try await TestRoute(.of(PublicLinks.self, defaults: .init()), upstream: upstream)
        #expect(try await route.send(.get, "/").text == "{\"next\":\"https://api.example.com/2\"}")
    }

    @Test func `counts slow requests`() async throws {
        let upstream = FakeUpstream(FakeUpstream.Answer().after(.seconds(1)), FakeUpstream.Answer())
        let route = try await TestRoute(.of(SlowRequests.self, defaults: .init()), upstream: upstream)
        let slow = try await route.start(.get, "/slow")
        await upstream.arrived()
        await route.clock.advance(by: .seconds(1))
        _ = await slow.answer()
        _ = try await route.send(.get, "/fast")
        #expect(await route.metrics().contains("gateway_slow_requests_total{route=\"test\"} 1\n"))
    }

    @Test func `answers instead of an unresponsive upstream`() async throws {
        let upstream = FakeUpstream(.failure)
        let route = try await TestRoute(.of(Fallback.self), upstream: upstream)
        let answer = try await route.send(.get, "/")
        #expect(answer.status == 200 && answer.text == "[]")
    }

    @Test func `tells the upstream which user is logged in`() async throws {
        let route = try await TestRoute(.of(Session.self))
        #expect(try await route.send(.get, "/").status == 401)
        #expect(try await route.send(.get, "/", headers: [.authorization: "Bearer ann"]).status == 200)
        #expect(route.upstream.requests.first?.head.headerFields[.user] == "Ann")
    }
}
