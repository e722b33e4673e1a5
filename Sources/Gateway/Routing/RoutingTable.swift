import GatewayHTTP1
import NIOCore

/// The routes of a configuration as compiled for one event loop; a reload replaces it whole.
final class RoutingTable {
    /// Asked first: the admin endpoints that are served beside the routes. nil where none is.
    private let exposed: Router<RoutePlan>?
    private let router: Router<RoutePlan>
    /// For what no route takes: `[middleware.*]` alone.
    let unrouted: RoutePlan
    let upstreams: [any Upstream]

    init(
        exposed: Router<RoutePlan>? = nil,
        router: Router<RoutePlan>,
        unrouted: RoutePlan,
        upstreams: [any Upstream]
    ) {
        self.exposed = exposed
        self.router = router
        self.unrouted = unrouted
        self.upstreams = upstreams
    }

    func route(_ exchange: Exchange) -> Router<RoutePlan>.Result {
        exchange.request.headers.bytes.withUnsafeReadableBytes { bytes in
            let request = RequestView(exchange, bytes)
            if let exposed = self.exposed,
                case .found(let plan, let route) = exposed.route(request, captures: &exchange.captures)
            {
                return .found(plan, route: route)
            }
            return self.router.route(request, captures: &exchange.captures)
        }
    }

    /// What a worker has before its configuration is installed: no routes.
    static func empty(counting meters: MeterShard) -> RoutingTable {
        let unrouted = RoutePlan(
            name: Metrics.noRoute,
            chain: Chain(),
            action: .refuse,
            forwarding: RoutePlan.Forwarding(),
            meters: RouteMeters(route: Metrics.noRoute, shard: meters)
        )
        return RoutingTable(router: Router(), unrouted: unrouted, upstreams: [])
    }
}

@available(*, unavailable)
extension RoutingTable: Sendable {}
