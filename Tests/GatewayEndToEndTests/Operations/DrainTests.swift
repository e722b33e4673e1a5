import Gateway
import Testing

@testable import GatewayCore
@testable import GatewaySettings

extension EndToEnd {
    /// How a gateway stops.
    @Suite struct DrainTests {
        @Test func `an open request finishes, idle connections close, new ones are refused`() async throws {
            let go = Signal()
            let script: ScriptedUpstream.Script = { session in
                try await session.serve { request in
                    if request.target == "/slow" { try await go.wait() }
                    return ok(request.target)
                }
            }
            try await withProxy(script, drainTimeout: .seconds(20)) { gateway, upstream in
                let idle = try await gateway.connect()
                try await idle.send("GET /idle HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await idle.response()["Connection"] == nil)
                let busy = try await gateway.connect()
                try await busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                try await eventually("it has reached the upstream") { upstream.requests.count == 2 }
                let begun = try await gateway.connect()
                try await begun.send("GET /begun HT")
                gateway.server.shutdown()
                let (text, end) = try await idle.rest()
                #expect(text == "")
                #expect(end == .finished)
                await #expect(throws: (any Error).self) { try await gateway.connect() }
                go.fire()
                let response = try await busy.response()
                #expect(response.text == "/slow")
                #expect(response["Connection"] == "close")
                #expect(try await busy.rest().end == .finished)
                // A partly received head still counts as a request.
                if (try? await begun.send("TP/1.1\r\nHost: a\r\n\r\n")) != nil {
                    let response = try await begun.response()
                    #expect(response.text == "/begun")
                }
                begun.close()
                try await gateway.run.value
            }
        }

        @Test func `a client that has just connected gets a response, and then its connection closes`() async throws {
            try await withProxy(serving { ok($0.target) }, drainTimeout: .seconds(20)) { gateway, _ in
                let fresh = try await gateway.connect()
                // Connections are accepted in order: once a later one has its response, this one has been accepted.
                _ = try await gateway.get("/later")
                gateway.server.shutdown()
                try await DrainAnswerTests.listenersAreClosed(gateway)
                try await fresh.send("GET /fresh HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try await fresh.response()
                #expect(response.text == "/fresh")
                #expect(response["Connection"] == "close")
                #expect(try await fresh.rest().end == .finished)
                try await gateway.run.value
            }
        }

        @Test func `drain_timeout ends open requests and reports them`() async throws {
            let script: ScriptedUpstream.Script = { session in
                let request = try await session.request()
                if request.target == "/begun" {
                    try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nb")
                }
                _ = try await session.connection.rest()
            }
            try await withProxy(script, drainTimeout: .milliseconds(100)) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let begun = try await gateway.connect()
                try await begun.send("GET /begun HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await begun.head().hasPrefix("HTTP/1.1 200 "))
                try await eventually("they have reached the upstream") { upstream.requests.count == 2 }
                gateway.server.shutdown()
                let response = try await client.response()
                #expect(response.status == 503)
                #expect(response.code == "draining")
                #expect(response["Connection"] == "close")
                #expect(try await begun.rest().end == .reset)
                await #expect(throws: DrainError.self) { try await gateway.run.value }
                try await eventually("the upstream connections close") { upstream.openConnections == 0 }
            }
        }

        @Test func `without open requests the drain ends at once`() async throws {
            try await withProxy(serving { _ in ok() }, drainTimeout: .seconds(600)) { gateway, _ in
                _ = try await gateway.get("/")
                gateway.server.shutdown()
                try await gateway.run.value
            }
        }

        @Test func `an address in use is an error that contains it`() async throws {
            _ = try await withGateway("[[routes]]\npath = \"/*\"\nrespond = {}") { first in
                await #expect(throws: ListenError.self) {
                    _ = try await withGateway(
                        "[[routes]]\npath = \"/*\"\nrespond = {}",
                        listen: [.host("127.0.0.1", port: first.port)]
                    ) { _ in }
                }
            }
        }

        @Test func `many gateways start and stop in one process`() async throws {
            for _ in 0..<20 {
                try await withGateway("[[routes]]\npath = \"/*\"\nrespond = { body = \"x\" }", workers: 2) { gateway in
                    let response = try await gateway.get("/")
                    #expect(response.text == "x")
                }
            }
        }
    }
}
