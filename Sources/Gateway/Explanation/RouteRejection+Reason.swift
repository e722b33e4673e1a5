import GatewayCore
import GatewaySettings

extension RouteRejection {
    /// Returns the reasons in words.
    ///
    /// - Parameter rejections: The result of `Router.explain`.
    static func reasons(
        _ rejections: [(route: Int, rejection: RouteRejection)],
        _ configuration: GatewayConfiguration
    ) -> [RequestExplanation.Rejection] {
        // Use the redacted configuration, since conditions may contain secrets from the environment.
        let shown = configuration.redacted()
        return rejections.compactMap { index, rejection in
            guard configuration.routes.indices.contains(index) else { return nil }
            let route = configuration.routes[index]
            func value(_ table: String, _ name: String, _ isSame: (String, String) -> Bool) -> String {
                let conditions = shown.member("routes", at: index)?.member(table)?.entries ?? [:]
                let value = conditions.first { isSame($0.key, name) }?.value ?? "*"
                return value == "*" ? "must be present" : "must be \(value.quoted)"
            }
            let reason =
                switch rejection {
                case .host: "host: matches \(route.hosts.joined(separator: ", "))"
                case .path: "path: matches \(route.path)"
                case .method: "method: matches \(route.methods.joined(separator: ", "))"
                case .header(let name): "header \(name): \(value("match_headers", name) { $0.lowercased() == $1 })"
                case .query(let name): "query \(name): \(value("match_query", name, ==))"
                case .lessSpecific(let other) where configuration.routes.indices.contains(other):
                    "less specific than \(configuration.routes[other].name)"
                case .lessSpecific: "less specific than csp.report_path"
                }
            return RequestExplanation.Rejection(route: route.name, reason: reason)
        }
    }
}

extension SettingValue {
    /// The entries if this is a table.
    fileprivate var entries: [String: SettingValue]? {
        if case .table(let entries) = self { entries } else { nil }
    }

    fileprivate func member(_ key: String) -> SettingValue? { self.entries?[key] }

    fileprivate func member(_ key: String, at index: Int) -> SettingValue? {
        guard case .list(let elements)? = self.entries?[key], elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}
