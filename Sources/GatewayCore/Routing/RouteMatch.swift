/// Which requests a route takes, as configured.
package struct RouteMatch: Sendable, Equatable {
    /// Names, wildcards (`*.example.org`, of any depth) or bracketed IPv6 literals. Empty: any host.
    package var hosts: [String] = []
    /// Literal segments, `{name}` for one segment, and at the end `*` for what is left.
    package var path: String = "/*"
    /// Case-sensitive. Empty: any method.
    package var methods: [String] = []
    /// Exact values by field name; `*` for a field that is present.
    package var headers: [String: String] = [:]
    /// Exact decoded values by decoded parameter name; `*` for a parameter that is present.
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
