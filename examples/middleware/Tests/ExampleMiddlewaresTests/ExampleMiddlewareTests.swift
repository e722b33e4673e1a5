import Gateway
import GatewayTesting
import HTTPTypes
import Testing

@testable import TenantMiddleware

struct TenantTests {
    @Test func `refuses a request without a tenant`() async throws {
        let route = try await TestRoute(.of(Tenant.self, defaults: .init()))
        #expect(try await route.send(.get, "/").status == 400)
        #expect(route.upstream.requests.isEmpty)
    }

    @Test func `passes a request with one on`() async throws {
        let route = try await TestRoute(.of(Tenant.self, defaults: .init(header: "X-Customer")))
        let customer = try #require(HTTPField.Name("X-Customer"))
        #expect(try await route.send(.get, "/", headers: [customer: "acme"]).status == 200)
        #expect(route.upstream.requests.first?.head.headerFields[customer] == "acme")
    }
}
