import GatewayHTTP
import GatewaySettings

extension Router {
    /// Compiles a route. Adds any problems to `faulty`, and returns nil if the path is invalid.
    static func compile(_ match: RouteMatch, _ plan: Plan, _ faulty: inout InvalidRoutes.Collector) -> Entry? {
        var hosts: [HostPattern] = []
        for text in match.hosts {
            do throws(HostPattern.ParseError) {
                let host = try HostPattern(text)
                if !hosts.contains(host) { hosts.append(host) }
            } catch {
                faulty.add("hosts", error.message)
            }
        }
        for method in match.methods {
            if !ByteClass.isToken(method.utf8) {
                faulty.add("methods", "'\(method)' is no method: write one such as \"GET\".")
            } else if method == "CONNECT" || method == "TRACE" {
                faulty.add("methods", "\(method) is always answered with 405: remove it.")
            }
        }
        for name in match.headers.keys.sorted() where !ByteClass.isToken(name.utf8) {
            faulty.add("match_headers", "'\(name)' is no field name.")
        }
        let names = Set(match.headers.keys.map { $0.lowercased() })
        if names.count < match.headers.count {
            faulty.add("match_headers", "A field name is there twice; case does not count.")
        }
        if match.query.keys.contains("") {
            faulty.add("match_query", "A parameter needs a name.")
        }
        do throws(RoutePattern.ParseError) {
            let pattern = try RoutePattern(match.path)
            return Entry(
                plan: plan,
                hosts: hosts.isEmpty ? [.any] : hosts,
                pattern: pattern,
                methods: MethodSet(match.methods),
                headers: match.headers.sorted { $0.key < $1.key }.map {
                    HeaderCondition(name: $0.key, value: $0.value)
                },
                query: match.query.sorted { $0.key < $1.key }.map { QueryCondition(name: $0.key, value: $0.value) }
            )
        } catch {
            faulty.add("path", error.message)
            return nil
        }
    }
}
