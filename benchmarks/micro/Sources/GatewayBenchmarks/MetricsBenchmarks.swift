import NIOCore
import NIOEmbedded

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayMiddlewares
@testable import GatewaySettings

enum MetricsBenchmarks {
    static let all = [
        MicroBenchmark("metrics.request") {
            let loop = EmbeddedEventLoop()
            let registry = MeterRegistry()
            let meters = RouteMeters(route: "users", shard: registry.makeShard(on: loop))
            let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
            var number: Int64 = 0
            return {
                number += 1
                let request = RouteMeters.Request(
                    method: .get,
                    status: 200,
                    isError: false,
                    duration: .microseconds(100 + number % 1000),
                    firstByte: .microseconds(90 + number % 1000),
                    bytesIn: 200,
                    bytesOut: 1300,
                    trace: nil
                )
                meters.count(request, at: now)
            }
        }
    ]
}
