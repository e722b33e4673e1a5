import Testing

@testable import Gateway
@testable import GatewayCore

struct ExchangeKeyTests {
    @Test func `each request starts with the initial value`() async throws {
        let seen = try await WorkerFixture.run { worker in
            let key = ExchangeKey("test.count", initial: 7)
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a")
            var seen = [exchange[key]]
            exchange[key] = 8
            seen.append(exchange[key])
            worker.recycle(exchange)
            let next = try worker.exchange("GET / HTTP/1.1", "Host: a")
            #expect(next === exchange)
            seen.append(next[key])
            return seen
        }
        #expect(seen == [7, 8, 7])
    }

    @Test func `keys with the same name and type are equal`() async throws {
        let seen = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a")
            exchange[ExchangeKey("test.same", initial: 0)] = 1
            return exchange[ExchangeKey("test.same", initial: 0)]
        }
        #expect(seen == 1)
    }

    @Test func `keys with the same name and different types differ`() async throws {
        let seen = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a")
            exchange[ExchangeKey("test.typed", initial: 0)] = 1
            return exchange[ExchangeKey("test.typed", initial: "none")]
        }
        #expect(seen == "none")
    }

    @Test func `keys differ between middlewares, and are the same in every chain`() async throws {
        try await WorkerFixture.run { worker in
            let meters = RouteMeters(route: "users", shard: worker.meters)
            func keys(of middleware: String) -> [Int] {
                var context = BuildContext(route: "users", worker: worker, meters: meters, middleware: middleware)
                return [context.key(0).index, context.key(0).index]
            }
            #expect(keys(of: "one") == keys(of: "one"))
            #expect(Set(keys(of: "one") + keys(of: "two")).count == 4)
        }
    }
}
