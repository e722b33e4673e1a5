/// An error in a configuration, with its position and a suggestion.
public struct ConfigurationError: Error, Hashable, Sendable {
    /// The name of the file; nil if the configuration was built in code.
    public var file: String?
    /// The line, starting at 1; 0 if unknown.
    public var line: Int
    /// The column in characters, starting at 1; 0 if unknown.
    public var column: Int
    /// The key path, such as `routes[1].rate_limit.limit`; empty if the error has no key.
    public var key: String
    /// What is wrong.
    public var message: String
    /// How to fix it. May be empty.
    public var suggestion: String
    /// The name of the route that contains `key`.
    public var route: String?
    /// The rule that a warning belongs to, such as `secret-in-file`, as `gateway lint` names it; nil for an error.
    public var rule: String?

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

    /// The position prefix, such as `gateway.toml:14:9: `; empty if there is no file.
    package var place: String {
        guard let file else { return "" }
        return line > 0 ? "\(file):\(line):\(column): " : "\(file): "
    }

    /// The message without the position.
    package var text: String {
        let advice = suggestion.isEmpty ? "" : ": " + suggestion
        let quoted = route.map { JSONText.quoted($0) }
        let name = quoted.map { message.contains($0) ? "" : " (route \($0))" } ?? ""
        return (key.isEmpty ? "" : key + ": ") + message + advice + name
    }
}

extension ConfigurationError {
    /// Returns the warning as one that the rule found.
    package func found(by rule: LintRule) -> ConfigurationError {
        var warning = self
        warning.rule = rule.rawValue
        return warning
    }

    /// The line that `gateway check` prints for a warning.
    package var warningText: String { "\(self.place)warning: \(self.text)" + (self.rule.map { " [\($0)]" } ?? "") }
}

/// All errors in a configuration, sorted by position.
public struct ConfigurationErrors: Error, Hashable, Sendable {
    /// The errors. Usually not empty.
    public var errors: [ConfigurationError]

    public init(_ errors: [ConfigurationError]) {
        self.errors = errors.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    /// The errors without duplicates at the same position. One finding can apply to several routes.
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
    /// One error per line.
    public var description: String { errors.map(\.description).joined(separator: "\n") }
}
