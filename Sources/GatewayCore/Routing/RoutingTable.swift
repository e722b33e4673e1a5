import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// The routes of a configuration, compiled for one event loop. A reload replaces the whole table.
package final class RoutingTable {
    /// The admin endpoints that are exposed alongside the routes, or nil if there are none. They take precedence over
    /// routes.
    private let exposed: Router<RoutePlan>?
    private let router: Router<RoutePlan>
    /// The plan for requests that match no route. Only the settings in `[middleware.*]` apply to it.
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

    /// Returns whether an exposed admin endpoint answers the request.
    func isExposed(_ exchange: Exchange) -> Bool {
        guard let exposed = self.exposed else { return false }
        return exchange.request.headers.bytes.withUnsafeReadableBytes { bytes in
            if case .found = exposed.route(RequestView(exchange, bytes), captures: &exchange.captures) { return true }
            return false
        }
    }

    /// Returns whether a server that decodes the encoded slashes in the path could see a path of a different route.
    /// This takes several lookups, so call it only for paths with encoded slashes.
    ///
    /// - Parameter result: The result of ``route(_:)`` for the same exchange.
    package func isAmbiguous(_ exchange: Exchange, _ result: Router<RoutePlan>.Result) -> Bool {
        exchange.request.headers.bytes.withUnsafeReadableBytes { bytes in
            let request = RequestView(exchange, bytes)
            // The gateway answers these requests itself and does not decode slashes.
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

    /// Returns a table without routes, which a worker uses until its configuration is installed.
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
