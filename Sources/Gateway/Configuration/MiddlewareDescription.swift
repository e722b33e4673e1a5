/// What the configuration must know of a middleware: its table's name, and what may stand in it.
public struct MiddlewareDescription: Sendable {
    /// The table's name: `rate_limit`.
    public let name: String
    /// Whether it runs where no table names it.
    public let onByDefault: Bool
    /// Its settings with their defaults.
    public let defaults: any Codable & Sendable

    public init(_ name: String, onByDefault: Bool, defaults: any Codable & Sendable) {
        self.name = name
        self.onByDefault = onByDefault
        self.defaults = defaults
    }
}
