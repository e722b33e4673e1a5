/// What the configuration knows about a middleware: the name and the keys of its table.
public struct MiddlewareDescription: Sendable {
    /// The name of the table: `rate_limit`.
    public let name: String
    /// Whether it runs without a table.
    public let onByDefault: Bool
    /// The default settings.
    public let defaults: any Codable & Sendable

    public init(_ name: String, onByDefault: Bool, defaults: any Codable & Sendable) {
        self.name = name
        self.onByDefault = onByDefault
        self.defaults = defaults
    }
}
