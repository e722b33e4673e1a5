import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayCore

/// A suspended exchange and its resumption.
struct ResumptionTests {
    /// Suspends an exchange in a request hook, then passes the resumption to `body`.
    private static func suspended(
        _ body: @escaping @Sendable (Resumption, Exchange, RecordingClient, Suspending) -> Void
    ) async throws -> [String] {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let worker = try await loop.submit { NIOLoopBound(WorkerFixture.make(on: loop), eventLoop: loop) }.get()
        let log = try await loop.submit {
            let hook = Suspending()
            let chain = Chain()
            chain.append(hook, at: 0)
            let client = RecordingClient()
            let exchange = try worker.value.exchange("GET / HTTP/1.1", "Host: a", client: client)
            exchange.plan = worker.value.plan("a", chain, action: .respond(Response(status: 201)))
            exchange.refusal = nil
            // Long enough that it does not expire while other tests keep the loop busy.
            exchange.deadlines.firstByte = .hours(1)
            exchange.driver.descend()
            body(hook.resumption!, exchange, client, hook)
            return NIOLoopBound(client, eventLoop: loop)
        }.get()
        // Resumptions run as tasks on the loop. This task comes after them.
        return try await loop.submit {
            worker.value.deadlines.stop()
            return ["\(log.value.status ?? 0)", "stale \(worker.value.staleResumptions)"]
        }.get()
    }

    @Test func `resume continues after the suspended hook`() async throws {
        #expect(try await Self.suspended { resumption, _, _, _ in resumption.resume() } == ["201", "stale 0"])
    }

    @Test func `a resumption may respond`() async throws {
        let seen = try await Self.suspended { resumption, _, _, _ in
            resumption.resume { _ in .respond(Response(status: 204)) }
        }
        #expect(seen == ["204", "stale 0"])
    }

    @Test func `a resumption may fail`() async throws {
        let seen = try await Self.suspended { resumption, _, _, _ in
            resumption.resume { _ in .fail(.forbidden("No.")) }
        }
        #expect(seen == ["403", "stale 0"])
    }

    @Test func `a resumption works only once`() async throws {
        let seen = try await Self.suspended { resumption, _, _, _ in
            resumption.resume()
            resumption.resume { _ in .fail(.forbidden("No.")) }
        }
        #expect(seen == ["201", "stale 1"])
    }

    @Test func `a resumption is stale after the client has left`() async throws {
        let seen = try await Self.suspended { resumption, exchange, _, _ in
            exchange.driver.clientGone()
            resumption.resume()
        }
        #expect(seen == ["0", "stale 1"])
    }

    @Test func `a resumption is stale after a deadline has responded`() async throws {
        let seen = try await Self.suspended { resumption, exchange, _, _ in
            exchange.deadlines.wait(for: .total, until: exchange.worker.now)
            exchange.driver.deadlineReached(now: exchange.worker.now)
            resumption.resume()
        }
        #expect(seen == ["504", "stale 1"])
    }

    @Test func `an old resumption does not affect a new one`() async throws {
        let seen = try await Self.suspended { first, exchange, _, hook in
            first.resume { exchange in
                hook.again(exchange)
                return .suspend
            }
            first.resume { _ in .fail(.forbidden("No.")) }
        }
        #expect(seen == ["0", "stale 1"])
    }
}

/// Suspends every exchange.
private final class Suspending: RequestHook, @unchecked Sendable {
    // Used only on the loop of the worker, where the closures of these tests run.
    struct Config: Codable, Sendable {}
    static var name: String { "suspending" }
    var resumption: Resumption?

    init() {}
    init(_ config: Config, in context: inout BuildContext) {}

    func again(_ exchange: Exchange) { self.resumption = exchange.resumption() }

    func request(_ exchange: Exchange) -> Decision {
        self.again(exchange)
        return .suspend
    }
}
