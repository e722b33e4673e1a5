/// Reads TOML 1.0 into nodes that record their source positions.
package enum TOMLDocument {
    /// Parses a TOML document.
    ///
    /// - Parameter file: The file name to use in positions.
    /// - Throws: The first syntax error.
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

/// A TOML syntax error.
struct TOMLError: Error {
    var problem: String
    var suggestion: String
    package var position: SourcePosition
}
