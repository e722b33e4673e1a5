/// A mistake in a configuration, with its position and a suggestion.
public struct ConfigurationError: Error, Hashable, Sendable {
    /// The name of the file; nil for a configuration built in code.
    public var file: String?
    /// The line, from 1; 0 if unknown.
    public var line: Int
    /// The column in characters, from 1; 0 if unknown.
    public var column: Int
    /// The key path, such as `routes[1].rate_limit.limit`; empty if the mistake belongs to no key.
    public var key: String
    /// What is wrong.
    public var message: String
    /// What to do; may be empty.
    public var suggestion: String
    /// The name of the route that `key` belongs to.
    public var route: String?

    public init(_ message: String, suggestion: String = "", key: String = "", at position: SourcePosition? = nil) {
        self.message = message
        self.suggestion = suggestion
        self.key = key
        file = position?.file
        line = position?.line ?? 0
        column = position?.column ?? 0
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// `gateway.toml:14:9: routes[1].rate_limit.limit: "60/min" is not a rate: write "60/minute" (route "users")`.
    public var description: String {
        place + text
    }

    /// `gateway.toml:14:9: `, or nothing.
    package var place: String {
        guard let file else { return "" }
        return line > 0 ? "\(file):\(line):\(column): " : "\(file): "
    }

    /// What follows the place.
    package var text: String {
        let advice = suggestion.isEmpty ? "" : ": " + suggestion
        let quoted = route.map { JSONText.quoted($0) }
        let name = quoted.map { message.contains($0) ? "" : " (route \($0))" } ?? ""
        return (key.isEmpty ? "" : key + ": ") + message + advice + name
    }
}

/// All mistakes of a configuration, in the order of the file.
public struct ConfigurationErrors: Error, Hashable, Sendable {
    /// Usually at least one.
    public var errors: [ConfigurationError]

    public init(_ errors: [ConfigurationError]) {
        self.errors = errors.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    /// Each finding about a place in a file once, however many routes it holds for.
    package var withoutRepetition: [ConfigurationError] {
        var seen: Set<ConfigurationError> = []
        return errors.filter { error in
            var place = error
            if error.line > 0 { place.key = "" }
            return seen.insert(place).inserted
        }
    }
}

extension ConfigurationErrors: CustomStringConvertible {
    /// One line per mistake.
    public var description: String { errors.map(\.description).joined(separator: "\n") }
}
