/// Routes whose upstream has to bear whatever clients send.
extension ConfigurationLint {
    /// Finds routes to an upstream without a rate limit or a limit on request bodies.
    func limits() -> [ConfigurationError] {
        let names: Set<String> = ["rate_limit", "limits"]
        var resolver = MiddlewareResolver(
            self.configuration,
            middlewares: self.vocabulary.middlewares.filter { names.contains($0.name) }
        )
        return self.configuration.routes.enumerated().flatMap { index, route -> [ConfigurationError] in
            guard route.upstream != nil else { return [] }
            let enabled = Set(resolver.settings(for: route).filter(\.isEnabled).map(\.name))
            let path = SettingPath("routes") + index
            var warnings: [ConfigurationError] = []
            if !enabled.contains("rate_limit") {
                warnings.append(
                    self.warning(
                        .noRateLimit,
                        path,
                        "one client may send any number of requests",
                        "add rate_limit = { limit = \"600/minute\" } to the route, or [middleware.rate_limit]"
                    )
                )
            }
            if !enabled.contains("limits"), Self.hasBodies(route) {
                warnings.append(
                    self.warning(
                        .noBodyLimit,
                        path,
                        "request bodies may have any size",
                        "add limits = { body = \"10MiB\" } to the route, or [middleware.limits]"
                    )
                )
            }
            return warnings
        }
    }

    /// Whether the route accepts methods whose requests usually have a body.
    private static func hasBodies(_ route: RouteConfiguration) -> Bool {
        route.methods.isEmpty || route.methods.contains { !["GET", "HEAD", "OPTIONS", "TRACE"].contains($0) }
    }
}
