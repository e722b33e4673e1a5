import GatewayCore
import GatewayHTTP
import GatewayMiddlewares
import GatewaySettings

/// What becomes of a CORS preflight. It takes the route of the request that the browser wants to send, if that route has
/// the `cors` middleware.
struct PreflightExplanation {
    /// The route that answers; nil for the chain of requests without a route.
    let route: Int?
    let rejections: [(route: Int, rejection: RouteRejection)]
    let middlewares: [EffectiveMiddleware]
    let answer: RequestOutcome.Preflight

    /// Returns nil for requests that are routed like any other.
    ///
    /// - Parameter settings: Returns the settings of a route's middlewares.
    init?(
        _ request: ExplainedRequest,
        _ path: [UInt8],
        _ router: Router<Int>,
        settings: (_ route: Int?) -> [EffectiveMiddleware]
    ) {
        guard let found = request.withPreflight(path: path, { Self.route($0, router, settings) }) ?? nil else {
            return nil
        }
        guard let cors = found.settings.first(where: { $0.name == CORSMiddleware.name && $0.isEnabled }),
            let config = try? cors.decode(CORSMiddleware.Config.self)
        else { return nil }
        self.route = found.route
        self.rejections = found.rejections
        self.middlewares = found.settings
        let refusal =
            found.isMethodAllowed
            ? config.refusal(ofPreflight: request.fields.map { ($0.name, $0.value) })
            : (reason: "no route accepts the method", key: "methods")
        self.answer = RequestOutcome.Preflight(
            refusal: refusal.map { refusal in
                RequestOutcome.Refusal(
                    status: 403,
                    by: cors.name,
                    reason: refusal.reason,
                    source: "\(cors.settings.nearest(to: SettingPath(refusal.key)).source)"
                )
            }
        )
    }

    private typealias Found = (
        route: Int?, settings: [EffectiveMiddleware], isMethodAllowed: Bool,
        rejections: [(route: Int, rejection: RouteRejection)]
    )

    private static func route(
        _ request: PreflightRequest<ExplainedRequest.View>,
        _ router: Router<Int>,
        _ settings: (_ route: Int?) -> [EffectiveMiddleware]
    ) -> Found? {
        func found(_ route: Int?, isMethodAllowed: Bool = true) -> Found? {
            let settings = settings(route)
            guard settings.contains(where: { $0.name == CORSMiddleware.name && $0.isEnabled }) else { return nil }
            return (route, settings, isMethodAllowed, router.explain(request))
        }
        var captures = PathCaptures()
        switch router.route(request, captures: &captures) {
        case .found(let route, _): return found(route)
        case .notFound: return found(nil)
        case .methodNotAllowed:
            if let found = found(nil) { return found }
            var request = request
            request.method = UnsafeRawBufferPointer(start: nil, count: 0)
            guard case .found(let route, _) = router.route(request, captures: &captures) else { return nil }
            return found(route, isMethodAllowed: false)
        }
    }
}

extension ExplainedRequest {
    /// The method that the browser wants to use, if the request is a CORS preflight.
    var requestedMethod: [UInt8]? {
        guard self.method == "OPTIONS", self.fields.contains(where: { $0.name.id == .origin }) else { return nil }
        return self.fields.first { $0.name.id == .accessControlRequestMethod }?.value
    }

    /// Calls `body` with the request that the browser wants to send. Returns nil if this is no preflight.
    func withPreflight<Value>(path: [UInt8], _ body: (PreflightRequest<View>) -> Value) -> Value? {
        guard let method = self.requestedMethod else { return nil }
        let names = self.fields.filter { $0.name.id == .accessControlRequestHeaders }.map(\.value)
        return method.withUnsafeBytes { method in
            Array(names.joined(separator: ", ".utf8)).withUnsafeBytes { names in
                self.withView(path: path) { body(PreflightRequest($0, method: method, fields: names)) }
            }
        }
    }
}
