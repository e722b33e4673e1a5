/// The names that a configuration may use but other parts of the program define: middlewares, admin endpoints and error codes.
package struct ConfigurationVocabulary: Sendable {
    /// The middlewares, in chain order.
    package var middlewares: [MiddlewareDescription]
    /// Whether tables of unknown middlewares are kept so that they can be checked later against the complete list.
    package var allowsFurtherMiddlewares: Bool
    /// The paths that `admin.expose` may name. A segment in braces matches any segment.
    package var adminPaths: [String]
    /// The codes of errors that the gateway reports.
    package var errorCodes: [String]
    /// The types of the gateway's events. Empty: not known.
    package var eventTypes: [String]

    package init(
        middlewares: [MiddlewareDescription],
        allowsFurtherMiddlewares: Bool = false,
        adminPaths: [String],
        errorCodes: [String] = [],
        eventTypes: [String] = []
    ) {
        self.middlewares = middlewares
        self.allowsFurtherMiddlewares = allowsFurtherMiddlewares
        self.adminPaths = adminPaths
        self.errorCodes = errorCodes
        self.eventTypes = eventTypes
    }

    /// The metrics that alerts may name.
    var metrics: AlertMetrics {
        AlertMetrics(middlewares: self.middlewares.map(\.name), allowsFurther: self.allowsFurtherMiddlewares)
    }

    /// Returns the paths that an entry of `admin.expose` covers: the endpoint and everything below it. `/` covers only
    /// the index.
    package func paths(exposedAs entry: String) -> [String] { Self.paths(self.adminPaths, exposedAs: entry) }

    package static func paths(_ all: [String], exposedAs entry: String) -> [String] {
        let below = entry.count > 1 ? entry + "/" : nil
        return all.filter { path in path == entry || below.map(path.hasPrefix) ?? false }
    }
}
