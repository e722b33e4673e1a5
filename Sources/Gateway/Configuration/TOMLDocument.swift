internal import TOMLKit

/// Reads TOML text into nodes that know their places.
///
/// TOMLKit judges the syntax, and ``TOMLScanner`` reads text that it has accepted: TOMLKit gives no positions, and never
/// frees the strings and numbers it hands out, which a gateway that reloads for months would notice.
package enum TOMLDocument {
    /// - Parameter file: what to call the text in positions.
    /// - Throws: the first syntax error.
    package static func read(_ text: String, file: String) throws(ConfigurationErrors) -> SettingNode {
        // C strings end at the first zero byte, so TOMLKit would judge only what stands before it.
        if let zero = text.unicodeScalars.firstIndex(of: "\0") {
            let before = text.unicodeScalars[..<zero]
            let line = before.count { $0 == "\n" }
            let column = before.count - (before.lastIndex(of: "\n").map { before[...$0].count } ?? 0)
            throw ConfigurationErrors([
                ConfigurationError(
                    "the file has a zero byte, which TOML does not allow",
                    at: SourcePosition(file: file, line: line + 1, column: column + 1)
                )
            ])
        }
        do {
            let table = try TOMLTable(string: text)
            // The table has no deinitialiser; this frees all but its head.
            table.clear()
        } catch let error as TOMLParseError {
            let begin = error.source.begin
            throw ConfigurationErrors([
                ConfigurationError(
                    "not valid TOML: " + error.description,
                    at: SourcePosition(file: file, line: begin.line, column: begin.column)
                )
            ])
        } catch {
            throw ConfigurationErrors([
                ConfigurationError("not valid TOML", at: SourcePosition(file: file, line: 1, column: 1))
            ])
        }
        var scanner = TOMLScanner(text, file: file)
        return scanner.scan()
    }
}
