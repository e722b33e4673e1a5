/// Which requests a route takes, as configured.
struct RouteMatch: Sendable, Equatable {
    /// Names, wildcards (`*.example.org`, of any depth) or bracketed IPv6 literals. Empty: any host.
    var hosts: [String] = []
    /// Literal segments, `{name}` for one segment, and at the end `*` for what is left.
    var path: String = "/*"
    /// Case-sensitive. Empty: any method.
    var methods: [String] = []
    /// Exact values by field name; `*` for a field that is present.
    var headers: [String: String] = [:]
    /// Exact decoded values by decoded parameter name; `*` for a parameter that is present.
    var query: [String: String] = [:]
}
