/// What a configuration may name that other parts of the program define: middlewares and admin endpoints.
package struct ConfigurationVocabulary: Sendable {
    /// In the order of the chain.
    package var middlewares: [MiddlewareDescription]
    /// Whether tables of unknown middlewares are kept, for a check against the complete list later.
    package var allowsFurtherMiddlewares: Bool
    /// The paths that `admin.expose` may name. A segment in braces matches any segment.
    package var adminPaths: [String]

    package init(
        middlewares: [MiddlewareDescription],
        allowsFurtherMiddlewares: Bool = false,
        adminPaths: [String]
    ) {
        self.middlewares = middlewares
        self.allowsFurtherMiddlewares = allowsFurtherMiddlewares
        self.adminPaths = adminPaths
    }

    /// The paths that an entry of `admin.expose` covers: an endpoint and those below it. `/` is the list alone.
    package func paths(exposedAs entry: String) -> [String] { Self.paths(self.adminPaths, exposedAs: entry) }

    package static func paths(_ all: [String], exposedAs entry: String) -> [String] {
        let below = entry.count > 1 ? entry + "/" : nil
        return all.filter { path in path == entry || below.map(path.hasPrefix) ?? false }
    }
}
