/// The requests that a route matches, as configured.
package struct RouteMatch: Sendable, Equatable {
    /// The hosts: names, wildcards (`*.example.org`, of any depth) or bracketed IPv6 literals. Empty for any host.
    package var hosts: [String] = []
    /// The path pattern: literal segments, `{name}` for one segment, and a trailing `*` for the rest.
    package var path: String = "/*"
    /// The methods, case-sensitive. Empty for any method.
    package var methods: [String] = []
    /// The exact values by field name, or `*` for a field that must be present.
    package var headers: [String: String] = [:]
    /// The exact decoded values by decoded parameter name, or `*` for a parameter that must be present.
    package var query: [String: String] = [:]

    package init(
        hosts: [String] = [],
        path: String = "/*",
        methods: [String] = [],
        headers: [String: String] = [:],
        query: [String: String] = [:]
    ) {
        self.hosts = hosts
        self.path = path
        self.methods = methods
        self.headers = headers
        self.query = query
    }
}
