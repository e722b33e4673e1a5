import GatewaySettings

/// Other hosts and paths by which a request may reach what a route forwards to.
struct RouteDetours {
    /// How many hosts and prefixes are tried for each route, so that the work does not grow with the square of the routes.
    private static let limit = 16

    /// The hosts of the routes to each upstream, without repetition.
    private var hosts: [String: [String]] = [:]
    /// The prefixes that the routes to each upstream remove, without repetition.
    private var prefixes: [String: [String]] = [:]

    init(_ configuration: GatewayConfiguration) {
        func add(_ text: String, to list: inout [String]) {
            if !text.isEmpty, list.count < Self.limit, !list.contains(text) { list.append(text) }
        }
        for route in configuration.routes {
            for name in route.upstream?.names ?? [] {
                for host in route.hosts { add(host, to: &self.hosts[name, default: []]) }
                add(route.stripPrefix, to: &self.prefixes[name, default: []])
            }
        }
    }

    /// Returns the requests that may reach the same resource as the sample of a route.
    func variants(of sample: RouteSample, _ route: RouteConfiguration) -> [RouteSample.Variant] {
        let upstreams = route.upstream?.names ?? []
        let name = JSONText.quoted(route.name)
        var variants: [RouteSample.Variant] = []
        if !route.hosts.isEmpty {
            let others = upstreams.flatMap { self.hosts[$0] ?? [] }.filter { !route.hosts.contains($0) }
            let samples = others.map { $0.hasPrefix("*.") ? "x" + $0.dropFirst() : $0 }.map(Optional.some) + [nil]
            variants += samples.map { host in
                RouteSample.Variant(
                    sample: sample.moved(toHost: host == "*" ? nil : host),
                    condition: "to another host",
                    key: "hosts",
                    elsewhere: "remove hosts from route \(name)"
                )
            }
        }
        if !route.path.hasSuffix("/*"), !route.path.hasSuffix("/") {
            variants.append(
                RouteSample.Variant(
                    sample: sample.moved(toPath: sample.path + "/"),
                    condition: "with a slash at the end",
                    key: "path",
                    elsewhere: "write path = \(JSONText.quoted(route.path + "/*")) in route \(name)"
                )
            )
        }
        guard route.rewrite.isEmpty else { return variants }
        let path = String(sample.path.dropFirst(route.stripPrefix.count))
        for prefix in Set(upstreams.flatMap { self.prefixes[$0] ?? [] }).sorted() where prefix != route.stripPrefix {
            variants.append(
                RouteSample.Variant(
                    sample: sample.moved(toPath: prefix + path),
                    condition: "below \(prefix)",
                    key: "path",
                    elsewhere: "remove strip_prefix from the other route"
                )
            )
        }
        return variants
    }
}
