import GatewayCore
import GatewaySettings

/// The reason why a route does not match a request.
enum RouteRejection: Sendable, Equatable {
    case host
    case path
    case method
    case header(String)
    case query(String)
    /// The route matches, but the route with this index is more specific.
    case lessSpecific(than: Int)
}

extension Router {
    /// Returns, for every route except the matching one, why it does not match. The result is in the order of the
    /// routes.
    func explain<Request: RoutedRequest>(_ request: Request) -> [(route: Int, rejection: RouteRejection)] {
        var captures = PathCaptures()
        var winner = -1
        if case .found(_, let route) = route(request, captures: &captures) { winner = route }
        var result: [(route: Int, rejection: RouteRejection)] = []
        for index in entries.indices where index != winner {
            result.append((index, rejection(of: entries[index], request) ?? .lessSpecific(than: winner)))
        }
        return result
    }

    private func rejection<Request: RoutedRequest>(of entry: Entry, _ request: Request) -> RouteRejection? {
        let host = request.host
        if !entry.hosts.contains(where: { $0.matches(host) }) { return .host }
        if !entry.pattern.matches(request.path) { return .path }
        if entry.methods.verdict(on: MethodSet.Candidate(request.method)) == .refuses { return .method }
        for condition in entry.headers where !request.satisfies(condition) { return .header(condition.name) }
        for condition in entry.query where !condition.accepts(request.query) { return .query(condition.name) }
        return nil
    }
}
