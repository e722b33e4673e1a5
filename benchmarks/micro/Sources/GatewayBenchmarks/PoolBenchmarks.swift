import NIOCore

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayMiddlewares
@testable import GatewaySettings

enum PoolBenchmarks {
    static let all = [
        // A request leases the idle connection and releases it.
        MicroBenchmark("pool.acquire-release") {
            let permits = ConnectionPermits(limit: 8, pendingLimit: 8)
            var pool = PoolStateMachine<Int, Int>(configuration: .init(), permits: permits.join {})
            let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
            guard case .connect(let id, _) = pool.acquire(now: now, connectTimeout: .seconds(1), waiter: { 1 }),
                case .handTo(_, let lease) = pool.connected(id, 1, now: now)
            else { throw UnexpectedOutcome("the pool does not connect") }
            _ = pool.released(lease.id, reusable: true, keepAlive: nil, now: now)
            return {
                guard case .reuse(let lease) = pool.acquire(now: now, connectTimeout: .seconds(1), waiter: { 1 }),
                    case .park = pool.released(lease.id, reusable: true, keepAlive: nil, now: now)
                else { throw UnexpectedOutcome("the pool does not reuse its connection") }
            }
        }
    ]
}
