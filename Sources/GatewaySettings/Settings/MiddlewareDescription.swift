/// Describes a middleware to the configuration: its name and the keys of its table.
public struct MiddlewareDescription: Sendable {
    /// The name of the table, such as `rate_limit`.
    public let name: String
    /// Whether the middleware runs if it has no table.
    public let onByDefault: Bool
    /// The default settings.
    public let defaults: any Codable & Sendable

    public init(_ name: String, onByDefault: Bool, defaults: any Codable & Sendable) {
        self.name = name
        self.onByDefault = onByDefault
        self.defaults = defaults
    }
}
