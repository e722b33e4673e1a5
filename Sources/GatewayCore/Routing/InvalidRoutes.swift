/// What is wrong with the routes of a configuration, all of it at once.
package struct InvalidRoutes: Error, Equatable {
    package struct Problem: Equatable, Sendable {
        /// The route's place in the file, from zero.
        package var route: Int
        /// The key under the route, as in the file.
        package var key: String
        /// What to write instead.
        package var message: String
    }

    package var problems: [Problem]

    /// Gathers the problems of one route.
    struct Collector {
        package let route: Int
        package private(set) var problems: [Problem] = []

        package init(route: Int) { self.route = route }

        package mutating func add(_ key: String, _ message: String) {
            problems.append(Problem(route: route, key: key, message: message))
        }
    }
}
