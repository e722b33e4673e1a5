import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct PoolStateMachineTests {
    typealias Pool = PoolStateMachine<String, String>

    private func pool(limit: Int = 10, pending: Int = 10) -> Pool {
        let permits = ConnectionPermits(limit: limit, pendingLimit: pending)
        return Pool(configuration: Pool.Configuration(), permits: permits.join {})
    }

    private func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    private func acquire(_ pool: inout Pool, _ waiter: String = "w", at seconds: Int64 = 0) -> Pool.OnAcquire {
        pool.acquire(now: time(seconds), connectTimeout: .seconds(2)) { waiter }
    }

    /// Opens a connection and leases it to a waiting request.
    private func open(_ pool: inout Pool, _ name: String) throws -> Pool.Lease {
        guard case .connect(let id, _) = acquire(&pool),
            case .handTo(_, let lease) = pool.connected(id, name, now: time(0))
        else { throw Unexpected() }
        return lease
    }

    private struct Unexpected: Error {}

    @Test func `a new connection goes to the waiting request, and is fresh once`() throws {
        var pool = pool()
        guard case .connect(let id, _) = acquire(&pool, "first") else { throw Unexpected() }
        guard case .handTo("first", let lease) = pool.connected(id, "c", now: time(0)) else { throw Unexpected() }
        #expect(lease.isFresh)
        guard case .park = pool.released(lease.id, reusable: true, now: time(1)) else { throw Unexpected() }
        guard case .reuse(let again) = acquire(&pool, at: 2) else { throw Unexpected() }
        #expect(!again.isFresh && again.connection == "c")
    }

    @Test func `a connection whose request has left is still fresh when it is first used`() throws {
        var pool = pool()
        guard case .connect(let id, let waiter) = acquire(&pool) else { throw Unexpected() }
        #expect(pool.cancel(waiter) == "w")
        #expect(pool.cancel(waiter) == nil)
        guard case .park = pool.connected(id, "c", now: time(0)) else { throw Unexpected() }
        guard case .reuse(let lease) = acquire(&pool, at: 1) else { throw Unexpected() }
        #expect(lease.isFresh)
    }

    @Test func `retired connections serve no later requests`() throws {
        var pool = pool()
        let leases = try ["a", "b"].map { try open(&pool, $0) }
        guard case .park = pool.released(leases[0].id, reusable: true, now: time(0)) else { throw Unexpected() }
        let retired = pool.retire()
        #expect(retired.close.map(\.connection) == ["a"])
        #expect(retired.leased == ["b"])
        guard case .connect = acquire(&pool, at: 1) else { throw Unexpected() }
    }

    @Test func `the most recently used connection is used first`() throws {
        var pool = pool()
        let leases = try ["a", "b", "c"].map { try open(&pool, $0) }
        for lease in leases { _ = pool.released(lease.id, reusable: true, now: time(0)) }
        guard case .reuse(let first) = acquire(&pool, at: 1), case .reuse(let second) = acquire(&pool, at: 1) else {
            throw Unexpected()
        }
        #expect(first.connection == "c" && second.connection == "b")
    }

    @Test func `a released connection serves the longest waiting request before a new one is ready`() throws {
        var pool = pool(limit: 2)
        let lease = try open(&pool, "a")
        guard case .connect(let second, _) = acquire(&pool, "one"), case .wait = acquire(&pool, "two") else {
            throw Unexpected()
        }
        guard case .handTo("one", let reused) = pool.released(lease.id, reusable: true, now: time(0)) else {
            throw Unexpected()
        }
        #expect(reused.connection == "a" && !reused.isFresh)
        guard case .handTo("two", let fresh) = pool.connected(second, "b", now: time(0)) else { throw Unexpected() }
        #expect(fresh.connection == "b" && fresh.isFresh)
    }

    @Test func `a request joins a spare connection that is being opened`() throws {
        var pool = pool()
        guard case .connect(let id, let waiter) = acquire(&pool) else { throw Unexpected() }
        _ = pool.cancel(waiter)
        guard case .join = acquire(&pool, "next") else { throw Unexpected() }
        guard case .handTo("next", _) = pool.connected(id, "c", now: time(0)) else { throw Unexpected() }
    }

    @Test func `requests over the connection limit wait, and those over the queue limit are rejected`() throws {
        var pool = pool(limit: 1, pending: 2)
        let lease = try open(&pool, "a")
        guard case .wait = acquire(&pool, "one"), case .wait = acquire(&pool, "two"), case .refuse = acquire(&pool)
        else {
            throw Unexpected()
        }
        guard case .handTo("one", let next) = pool.released(lease.id, reusable: true, now: time(0)) else {
            throw Unexpected()
        }
        guard case .wait = acquire(&pool, "three") else { throw Unexpected() }
        // The permit of a closed connection goes to the next request.
        guard case .close = pool.released(next.id, reusable: false, now: time(0)) else { throw Unexpected() }
        guard case .connect(let id) = pool.closed(next.id) else { throw Unexpected() }
        guard case .handTo("two", _) = pool.connected(id, "b", now: time(0)) else { throw Unexpected() }
    }

    @Test func `a failed connection attempt fails one request, and is repeated for the next`() throws {
        var pool = pool(limit: 1)
        guard case .connect(let id, _) = acquire(&pool, "one"), case .wait = acquire(&pool, "two") else {
            throw Unexpected()
        }
        let first = pool.connectFailed(id)
        #expect(first.failed == ["one"])
        let second = pool.connectFailed(try #require(first.connect))
        #expect(second.failed == ["two"] && second.connect == nil)
        #expect(pool.isEmpty)
    }

    @Test func `idle connections and waiting requests expire`() throws {
        var pool = pool(limit: 2)
        let first = try open(&pool, "a")
        let second = try open(&pool, "b")
        _ = pool.released(first.id, reusable: true, keepAlive: .seconds(5), now: time(0))
        #expect(pool.nextExpiry == time(4))
        guard case .reuse(let again) = acquire(&pool, at: 3) else { throw Unexpected() }
        guard case .wait(_) = acquire(&pool, "late", at: 3) else { throw Unexpected() }
        #expect(pool.nextExpiry == time(4))
        #expect(pool.expire(now: time(3)).timedOut.isEmpty)
        #expect(pool.expire(now: time(4)).timedOut == ["late"])
        _ = pool.released(again.id, reusable: true, now: time(5))
        _ = pool.released(second.id, reusable: true, now: time(10))
        #expect(pool.nextExpiry == time(65))
        #expect(pool.expire(now: time(65)).close.map(\.connection) == ["a"])
        _ = pool.closed(first.id)
        #expect(pool.nextExpiry == time(70))
    }

    @Test(arguments: [0, 1] as [Int64])
    func `a connection that the upstream keeps for at most a second is closed`(seconds: Int64) throws {
        var pool = pool()
        let lease = try open(&pool, "a")
        guard case .close = pool.released(lease.id, reusable: true, keepAlive: .seconds(seconds), now: time(0)) else {
            throw Unexpected()
        }
    }

    @Test func `an expired idle connection is not used`() throws {
        var pool = pool()
        let lease = try open(&pool, "a")
        _ = pool.released(lease.id, reusable: true, keepAlive: .seconds(3), now: time(0))
        guard case .connect = acquire(&pool, at: 2) else { throw Unexpected() }
    }

    @Test func `late events of a closed connection are ignored`() throws {
        var pool = pool()
        let lease = try open(&pool, "a")
        _ = pool.closed(lease.id)
        #expect(pool.isEmpty)
        let other = try open(&pool, "b")
        guard case .close = pool.released(lease.id, reusable: true, now: time(0)), case .none = pool.closed(lease.id),
            case .close = pool.connected(lease.id, "a", now: time(0))
        else { throw Unexpected() }
        #expect(pool.connectFailed(lease.id).failed.isEmpty)
        #expect(pool.connection(lease.id) == nil && pool.connection(other.id) == "b")
    }

    @Test func `a draining pool keeps no idle connections and still serves`() throws {
        var pool = pool()
        let first = try open(&pool, "a")
        let second = try open(&pool, "b")
        _ = pool.released(first.id, reusable: true, now: time(0))
        #expect(pool.drain().map(\.connection) == ["a"])
        _ = pool.closed(first.id)
        guard case .close = pool.released(second.id, reusable: true, now: time(0)) else { throw Unexpected() }
        _ = pool.closed(second.id)
        #expect(pool.isEmpty)
        #expect(try open(&pool, "c").isFresh)
    }
}
