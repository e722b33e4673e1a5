/// A request that keeps a response in the cache.
package struct WarmRequest: Hashable, Sendable {
    package struct Field: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var route: String
    package var host: String
    /// With the query.
    package var path: String
    /// Sorted by name.
    package var fields: [Field]
    /// The longest time between two requests, in milliseconds.
    package var every: Int64

    package init(route: String, host: String, path: String, fields: [Field] = [], every: Int64) {
        self.route = route
        self.host = host
        self.path = path
        self.fields = fields
        self.every = every
    }
}
