extension GatewayConfiguration {
    /// The configuration that is used without a file. It routes every path to the built-in demo upstream.
    public static var demo: GatewayConfiguration {
        var upstream = UpstreamConfiguration()
        upstream.builtin = .demo
        return everything(to: upstream, named: "demo")
    }

    /// Returns a configuration that proxies every path to one server.
    /// - Parameter url: `http://host:port`, `https://host`, `h2c://host:port` or `unix:/path`.
    /// - Throws: ``ConfigurationErrors`` if the URL is invalid.
    public static func to(url: String) throws(ConfigurationErrors) -> GatewayConfiguration {
        do throws(SettingError) {
            let target = try TargetURL.parse(url)
            guard target != .missing else { throw TargetURL.notAURL }
            var upstream = UpstreamConfiguration()
            upstream.targets = [TargetConfiguration(target)]
            return everything(to: upstream, named: "api")
        } catch {
            throw ConfigurationErrors([
                ConfigurationError(
                    "\(SettingValue.string(url).withoutUserInformation.quoted) \(error.problem)",
                    suggestion: error.suggestion
                )
            ])
        }
    }

    private static func everything(to upstream: UpstreamConfiguration, named name: String) -> GatewayConfiguration {
        var route = RouteConfiguration()
        route.name = "all"
        route.path = "/*"
        route.upstream = .one(name)
        // Only HTTP/1.1 has upgrades.
        let isHTTP1 = upstream.targets.allSatisfy { if case .h2c = $0.url { false } else { true } }
        if isHTTP1 { route.upgrade = ["websocket"] }
        var configuration = GatewayConfiguration()
        configuration.upstreams = [name: upstream]
        configuration.routes = [route]
        return configuration
    }
}
