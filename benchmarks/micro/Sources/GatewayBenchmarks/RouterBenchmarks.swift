@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayMiddlewares
@testable import GatewaySettings

enum RouterBenchmarks {
    static let all = [
        MicroBenchmark("router.10-routes") { try Self.routing(among: 10) },
        MicroBenchmark("router.10000-routes") { try Self.routing(among: 10_000) },
    ]

    /// Half of the routes have a parameter. The request matches the one in the middle.
    private static func routing(among count: Int) throws -> () throws -> Void {
        let router = try Router(
            routes: (0..<count).map { index in
                let path = index.isMultiple(of: 2) ? "/service\(index)/items/{id}" : "/service\(index)/*"
                return (match: RouteMatch(path: path), plan: index)
            }
        )
        let path = Array("/service\(count / 2 & ~1)/items/1234".utf8)
        let (method, host) = (Array("GET".utf8), Array("api.example.com".utf8))
        var captures = PathCaptures()
        return {
            let result = method.withUnsafeBytes { method in
                host.withUnsafeBytes { host in
                    path.withUnsafeBytes { path in
                        router.route(
                            RequestBytes(method: method, host: host, path: path),
                            captures: &captures
                        )
                    }
                }
            }
            guard case .found = result else { throw UnexpectedOutcome("no route matches the request") }
        }
    }

    private struct RequestBytes: RoutedRequest {
        let method: UnsafeRawBufferPointer
        let host: UnsafeRawBufferPointer
        let path: UnsafeRawBufferPointer
        var query: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

        func satisfies(_ condition: HeaderCondition) -> Bool { false }
    }
}
