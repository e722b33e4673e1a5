/// Reads TOML 1.0 into nodes that know their places.
package enum TOMLDocument {
    /// - Parameter file: what to call the text in positions.
    /// - Throws: the first syntax error.
    package static func read(_ text: String, file: String) throws(ConfigurationErrors) -> SettingNode {
        var parser = TOMLParser(text, file: file)
        do {
            return try parser.document()
        } catch {
            throw ConfigurationErrors([
                ConfigurationError("invalid TOML: " + error.problem, suggestion: error.suggestion, at: error.position)
            ])
        }
    }
}

/// Why text is not TOML.
struct TOMLError: Error {
    package var problem: String
    package var suggestion: String
    package var position: SourcePosition
}
