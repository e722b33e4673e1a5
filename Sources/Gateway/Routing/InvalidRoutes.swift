/// What is wrong with the routes of a configuration, all of it at once.
struct InvalidRoutes: Error, Equatable {
    struct Problem: Equatable, Sendable {
        /// The route's place in the file, from zero.
        var route: Int
        /// The key under the route, as in the file.
        var key: String
        /// What to write instead.
        var message: String
    }

    var problems: [Problem]

    /// Gathers the problems of one route.
    struct Collector {
        let route: Int
        private(set) var problems: [Problem] = []

        init(route: Int) { self.route = route }

        mutating func add(_ key: String, _ message: String) {
            problems.append(Problem(route: route, key: key, message: message))
        }
    }
}
