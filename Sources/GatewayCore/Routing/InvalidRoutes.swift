/// All problems of the routes of a configuration.
package struct InvalidRoutes: Error, Equatable {
    package struct Problem: Equatable, Sendable {
        /// The zero-based index of the route in the file.
        package var route: Int
        /// The key in the route's table, as in the file.
        package var key: String
        /// What is wrong and how to fix it.
        package var message: String
    }

    package var problems: [Problem]

    /// Collects the problems of one route.
    struct Collector {
        package let route: Int
        private(set) var problems: [Problem] = []

        init(route: Int) { self.route = route }

        mutating func add(_ key: String, _ message: String) {
            problems.append(Problem(route: route, key: key, message: message))
        }
    }
}
