import GatewayCore
import GatewayMiddlewares
import GatewaySettings

/// The routes of a configuration, compiled once for all event loops. Each loop has its own plans for them.
final class CompiledRoutes: Sendable {
    /// The plans are indices: those of the configuration's routes, then those of the routes for browser reports.
    let router: Router<Int>
    /// The number of routes for browser reports.
    let reports: Int
    /// The problems of the configuration's routes. If there are any, the router is empty.
    let problems: [InvalidRoutes.Problem]

    init(_ configuration: GatewayConfiguration, middlewares: [MiddlewareDescription]) {
        var resolver = MiddlewareResolver(configuration, middlewares: middlewares)
        let reports = CSPReportRoutes.all(in: configuration, &resolver)
        let matches = configuration.routes.map { RouteMatch($0) } + reports
        self.reports = reports.count
        do throws(InvalidRoutes) {
            self.router = try Router(routes: matches.enumerated().map { (match: $1, plan: $0) })
            self.problems = []
        } catch {
            self.router = Router()
            // Skip the routes for browser reports. They take their hosts from configured routes, which report the same
            // errors.
            self.problems = error.problems.filter { $0.route < configuration.routes.count }
        }
    }
}
