import GatewayHTTP1
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

struct VaryFieldTests {
    private static func vary(_ lines: [String], adding names: [HeaderName]) async throws -> [String] {
        try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a")
            for line in lines { exchange.response.headers.add(HeaderName(.vary), Array(line.utf8)) }
            for name in names { exchange.response.headers.addVary(name) }
            return exchange.response.headers.lines
        }
    }

    @Test(arguments: [
        ([], ["Vary: Accept-Encoding"]), (["Origin"], ["Vary: Origin, Accept-Encoding"]),
        (["accept-encoding"], ["Vary: accept-encoding"]),
        (["Origin", "Accept"], ["Vary: Origin, Accept, Accept-Encoding"]),
        (["ACCEPT-ENCODING, Origin", "X"], ["Vary: ACCEPT-ENCODING, Origin, X"]), (["*"], ["Vary: *"]),
        (["Origin", "*"], ["Vary: *"]), (["Accept"], ["Vary: Accept, Accept-Encoding"]),
        ([""], ["Vary: Accept-Encoding"]), ([" , ,"], ["Vary: Accept-Encoding"]),
        (["a,b ,  c,"], ["Vary: a, b, c, Accept-Encoding"]),
        (["X-Accept-Encoding"], ["Vary: X-Accept-Encoding, Accept-Encoding"]),
    ])
    func `values are merged into one line`(_ lines: [String], _ expected: [String]) async throws {
        #expect(try await Self.vary(lines, adding: [HeaderName(.acceptEncoding)]) == expected)
    }

    @Test func `nothing is duplicated or lost, however many values are added`() async throws {
        let names = [
            HeaderName(.origin), HeaderName(.acceptEncoding), HeaderName("X-Tenant"), HeaderName(.acceptEncoding),
        ]
        let lines = try await Self.vary(["Accept-Language"], adding: names + names)
        #expect(lines == ["Vary: Accept-Language, Origin, Accept-Encoding, X-Tenant"])
    }

    @Test func `a field's ID can be added as well`() async throws {
        let lines = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a")
            exchange.response.headers.addVary(.acceptEncoding)
            exchange.response.headers.addVary(FieldID.origin)
            return exchange.response.headers.lines
        }
        #expect(lines == ["Vary: Accept-Encoding, Origin"])
    }
}
