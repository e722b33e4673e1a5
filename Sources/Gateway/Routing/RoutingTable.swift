import GatewayHTTP1
import NIOCore

/// The routes of a configuration as compiled for one event loop; a reload replaces it whole.
final class RoutingTable {
    private let router: Router<RoutePlan>
    /// For what no route takes: `[middleware.*]` alone.
    let unrouted: RoutePlan
    let upstreams: [any Upstream]

    init(router: Router<RoutePlan>, unrouted: RoutePlan, upstreams: [any Upstream]) {
        self.router = router
        self.unrouted = unrouted
        self.upstreams = upstreams
    }

    func route(_ exchange: Exchange) -> Router<RoutePlan>.Result {
        exchange.request.headers.bytes.withUnsafeReadableBytes { bytes in
            self.router.route(RequestView(exchange, bytes), captures: &exchange.captures)
        }
    }

    /// What a worker has before its configuration is installed: no routes.
    static func empty(for worker: Worker) -> RoutingTable {
        let unrouted = RoutePlan(
            name: Metrics.noRoute,
            chain: Chain(),
            action: .refuse,
            forwarding: RoutePlan.Forwarding(),
            meters: RouteMeters(route: Metrics.noRoute, shard: worker.meters)
        )
        return RoutingTable(router: Router(), unrouted: unrouted, upstreams: [])
    }
}

@available(*, unavailable)
extension RoutingTable: Sendable {}
