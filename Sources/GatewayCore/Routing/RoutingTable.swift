import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// The routes of a configuration, compiled for one event loop. A reload replaces the whole table.
package final class RoutingTable {
    /// The admin endpoints that are exposed alongside the routes, or nil if there are none. They take precedence over
    /// routes.
    private let exposed: Router<RoutePlan>?
    /// Its plans are indices of `plans`, so that all event loops can share it.
    private let router: Router<Int>
    private var plans: ContiguousArray<RoutePlan>
    /// The plan for requests that match no route. Only the settings in `[middleware.*]` apply to it.
    package let unrouted: RoutePlan
    /// The plan for requests that came without TLS, or nil if they are served like others.
    let httpsRedirect: RoutePlan?
    package let upstreams: [any Upstream]

    package init(
        exposed: Router<RoutePlan>? = nil,
        router: Router<RoutePlan>,
        unrouted: RoutePlan,
        upstreams: [any Upstream]
    ) {
        self.exposed = exposed
        self.router = router.indexed()
        self.plans = ContiguousArray(router.entries.map(\.plan))
        self.unrouted = unrouted
        self.httpsRedirect = nil
        self.upstreams = upstreams
    }

    /// Creates a table whose router is shared with other event loops.
    ///
    /// - Parameter plans: The plans that the router's indices refer to.
    package init(
        exposed: Router<RoutePlan>?,
        router: Router<Int>,
        plans: ContiguousArray<RoutePlan>,
        unrouted: RoutePlan,
        httpsRedirect: RoutePlan?,
        upstreams: [any Upstream]
    ) {
        self.exposed = exposed
        self.router = router
        self.plans = plans
        self.unrouted = unrouted
        self.httpsRedirect = httpsRedirect
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
            switch self.router.route(request, captures: &exchange.captures) {
            case .found(let plan, let route): return .found(self.plans[plan], route: route)
            case .methodNotAllowed(let allow): return .methodNotAllowed(allow: allow)
            case .notFound: return .notFound
            }
        }
    }

    /// Returns the plan that answers a preflight: the one of the request that the browser wants to send, if it has the
    /// `cors` middleware. Returns nil for other requests, which are routed like any other.
    func preflight(_ exchange: Exchange) -> (plan: RoutePlan, kind: CrossOrigin.Preflight)? {
        guard exchange.request.headers.contains(.origin),
            let method = exchange.request.headers.first(.accessControlRequestMethod)
        else { return nil }
        let fields = exchange.request.headers.joined(.accessControlRequestHeaders)
        return exchange.request.headers.bytes.withUnsafeReadableBytes { bytes in
            func slice(_ range: ByteRange) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: bytes[range.offset..<range.end])
            }
            var request = PreflightRequest(
                RequestView(exchange, bytes),
                method: slice(method),
                fields: slice(fields)
            )
            if let exposed = self.exposed, case .found = exposed.route(request, captures: &exchange.captures) {
                return nil
            }
            switch self.router.route(request, captures: &exchange.captures) {
            case .found(let plan, _): return self.plans[plan].answersPreflights ? (self.plans[plan], .routed) : nil
            // The request would be refused, with the fields of this chain.
            case .methodNotAllowed where self.unrouted.answersPreflights: return (self.unrouted, .routed)
            case .notFound: return self.unrouted.answersPreflights ? (self.unrouted, .routed) : nil
            case .methodNotAllowed: request.method = UnsafeRawBufferPointer(start: nil, count: 0)
            }
            guard case .found(let plan, _) = self.router.route(request, captures: &exchange.captures),
                self.plans[plan].answersPreflights
            else { return nil }
            return (self.plans[plan], .methodNotAllowed)
        }
    }

    /// Returns the name of the route that serves a page to browsers on the host of the request; nil if none does.
    ///
    /// - Parameter path: As the client wrote it, without a query.
    package func route(ofPage path: String, _ exchange: Exchange) -> String? {
        var page = Array(path.utf8)
        var normal: [UInt8] = []
        switch page.withUnsafeBytes({ PathNormalizer.normalize($0, into: &normal) }) {
        case .unchanged: break
        case .rewritten: page = normal
        case .invalid: return nil
        }
        return exchange.request.headers.bytes.withUnsafeReadableBytes { bytes in
            page.withUnsafeBytes { page in
                Array("GET".utf8).withUnsafeBytes { method in
                    var request = RequestView(exchange, bytes)
                    (request.path, request.method) = (page, method)
                    var captures = PathCaptures()
                    guard case .found(let plan, _) = self.router.route(request, captures: &captures) else { return nil }
                    return self.plans[plan].name
                }
            }
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

    /// Returns whether a request without TLS is answered where others are redirected: checks of the health may not know
    /// TLS, or not follow redirects.
    func servesPlainly(_ exchange: Exchange) -> Bool {
        guard self.exposed != nil else { return false }
        let isHealth = exchange.request.headers.withBytes(exchange.path) { path in
            path.starts(with: UnsafeRawBufferPointer("/health"))
        }
        return isHealth && self.isExposed(exchange)
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

    /// Releases some of the plans of a table that is no longer used. A large table takes long to release as a whole.
    ///
    /// - Returns: Whether plans are left.
    package func releasePlans(_ count: Int) -> Bool {
        self.plans.removeLast(min(count, self.plans.count))
        return !self.plans.isEmpty
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
