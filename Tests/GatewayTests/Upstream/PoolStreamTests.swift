import NIOCore
import Testing

@testable import GatewayCore

/// Connections that serve several requests at a time.
@Suite struct PoolStreamTests {
    typealias Pool = PoolStateMachine<String, String>

    private struct Unexpected: Error {}

    private func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    private func pool(_ permits: ConnectionPermits, streams: Int = 3) -> Pool {
        var pool = Pool(configuration: Pool.Configuration(), permits: permits.join {})
        pool.streams = streams
        return pool
    }

    private func acquire(_ pool: inout Pool, _ waiter: String = "w") -> Pool.OnAcquire {
        pool.acquire(now: time(0), connectTimeout: .seconds(2)) { waiter }
    }

    /// Opens a connection and leases it.
    private func open(_ pool: inout Pool) throws -> Pool.Lease {
        guard case .connect(let id, _) = acquire(&pool, "first"),
            case .handTo("first", let lease) = pool.connected(id, "c", now: time(0))
        else { throw Unexpected() }
        return lease
    }

    @Test func `requests join a connection that is being opened, as many as it will serve`() throws {
        let permits = ConnectionPermits(limit: 10, pendingLimit: 10)
        var pool = pool(permits)
        var opened = 0
        for index in 0..<7 {
            switch acquire(&pool, "\(index)") {
            case .connect: opened += 1
            case .join: break
            case .reuse, .wait, .refuse: throw Unexpected()
            }
        }
        #expect(opened == 3 && permits.taken == 3)
    }

    @Test func `an opened connection serves those who wait, in order`() throws {
        var pool = pool(ConnectionPermits(limit: 10, pendingLimit: 10))
        guard case .connect(let id, _) = acquire(&pool, "a"), case .join = acquire(&pool, "b"),
            case .join = acquire(&pool, "c"), case .handTo("a", let lease) = pool.connected(id, "c", now: time(0))
        else { throw Unexpected() }
        #expect(pool.nextWaiter { _ in false } == nil)
        #expect(pool.nextWaiter { _ in true } == "b" && pool.nextWaiter { _ in true } == "c")
        #expect(pool.nextWaiter { _ in true } == nil)
        guard case .park = pool.released(lease.id, reusable: true, now: time(1)) else { throw Unexpected() }
        #expect(pool.idle.count == 1)
    }

    @Test func `a peer that allows fewer streams makes the others connect`() throws {
        var pool = pool(ConnectionPermits(limit: 3, pendingLimit: 10), streams: 10)
        guard case .connect(let id, _) = acquire(&pool, "0") else { throw Unexpected() }
        for index in 1..<5 { _ = acquire(&pool, "\(index)") }
        pool.streams = 1
        guard case .handTo = pool.connected(id, "c", now: time(0)) else { throw Unexpected() }
        #expect(pool.poked().connect.count == 2)
        #expect(pool.poked().connect.isEmpty)
    }

    @Test func `those who joined a connection that fails fail with it`() throws {
        let permits = ConnectionPermits(limit: 10, pendingLimit: 10)
        var pool = pool(permits)
        guard case .connect(let id, _) = acquire(&pool, "0") else { throw Unexpected() }
        for index in 1..<5 { _ = acquire(&pool, "\(index)") }
        let result = pool.connectFailed(id)
        #expect(result.failed == ["0", "1", "2"] && result.connect == nil)
        #expect(pool.waiters.count == 2 && permits.taken == 1)
    }

    @Test func `a stream that ends serves the next request, unless the connection does not suit it`() throws {
        var pool = pool(ConnectionPermits(limit: 1, pendingLimit: 10))
        let lease = try open(&pool)
        guard case .wait = acquire(&pool, "next") else { throw Unexpected() }
        guard case .keep = pool.streamEnded(lease.id, where: { _ in false }) else { throw Unexpected() }
        guard case .handTo("next") = pool.streamEnded(lease.id, where: { _ in true }) else { throw Unexpected() }
        guard case .keep = pool.streamEnded(lease.id, where: { _ in true }) else { throw Unexpected() }
    }

    @Test func `a busy connection drains for a worker that has none`() throws {
        let permits = ConnectionPermits(limit: 1, pendingLimit: 10)
        var busy = pool(permits)
        var other = pool(permits)
        let lease = try open(&busy)
        guard case .wait = acquire(&other) else { throw Unexpected() }
        guard case .drain = busy.streamEnded(lease.id, where: { _ in true }) else { throw Unexpected() }
        guard case .close = busy.released(lease.id, reusable: true, now: time(1)) else { throw Unexpected() }
        guard case .none = busy.closed(lease.id) else { throw Unexpected() }
        #expect(other.poked().connect.count == 1)
    }

    @Test func `the need of a worker counts connections, not requests`() throws {
        let permits = ConnectionPermits(limit: 2, pendingLimit: 10)
        var busy = pool(permits, streams: 1)
        var other = pool(permits, streams: 10)
        let leases = [try open(&busy), try open(&busy)]
        for _ in 0..<5 { guard case .wait = acquire(&other) else { throw Unexpected() } }
        guard case .close = busy.released(leases[0].id, reusable: true, now: time(1)) else { throw Unexpected() }
        guard case .park = busy.released(leases[1].id, reusable: true, now: time(1)) else { throw Unexpected() }
    }
}
