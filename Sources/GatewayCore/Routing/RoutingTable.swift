import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// The routes of a configuration as compiled for one event loop; a reload replaces it whole.
package final class RoutingTable {
    /// Asked first: the admin endpoints that are served beside the routes. nil where none is.
    private let exposed: Router<RoutePlan>?
    private let router: Router<RoutePlan>
    /// For what no route takes: `[middleware.*]` alone.
    package let unrouted: RoutePlan
    package let upstreams: [any Upstream]

    package init(
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

    package func route(_ exchange: Exchange) -> Router<RoutePlan>.Result {
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

    /// Whether a server that decodes the encoded slashes in the path might see a path of another route. Costs several
    /// look-ups, so it is asked only for paths with encoded slashes.
    ///
    /// - Parameter result: of ``route(_:)`` for the same exchange.
    package func isAmbiguous(_ exchange: Exchange, _ result: Router<RoutePlan>.Result) -> Bool {
        exchange.request.headers.bytes.withUnsafeReadableBytes { bytes in
            let request = RequestView(exchange, bytes)
            // The gateway itself answers there, and decodes nothing.
            if self.choice(for: request) == .exposed { return false }
            if case .found(let plan, _) = result, plan.forwarding.isLeft(by: request.path, exchange.captures) {
                return true
            }
            return !EncodedSlashes.agree(in: request.path, exchange.captures) { path in
                var request = request
                request.path = path
                return self.choice(for: request)
            }
        }
    }

    private func choice(for request: RequestView) -> RouteChoice {
        var captures = PathCaptures()
        if let exposed = self.exposed, case .found = exposed.route(request, captures: &captures) { return .exposed }
        return self.router.choice(for: request)
    }

    /// What a worker has before its configuration is installed: no routes.
    package static func empty(counting meters: MeterShard) -> RoutingTable {
        let unrouted = RoutePlan(
            name: MetricLabel.noRoute,
            chain: Chain(),
            action: .refuse,
            forwarding: RoutePlan.Forwarding(),
            meters: RouteMeters(route: MetricLabel.noRoute, shard: meters)
        )
        return RoutingTable(router: Router(), unrouted: unrouted, upstreams: [])
    }
}

@available(*, unavailable)
extension RoutingTable: Sendable {}
