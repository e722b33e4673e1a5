package import GatewaySettings

/// Formats TOML 1.0 documents in one canonical style, which docs/cli.md describes.
///
/// Changes only white space, line breaks outside strings and the commas after the last elements of arrays. Keys, values
/// and comments keep their text and order. Formatting a formatted document changes nothing.
package enum TOMLFormatter {
    /// The maximum size of a formatted document in bytes. It is the maximum size of a configuration, so that a
    /// formatted file can be read again.
    private static let limit = TextFile.limit

    /// Returns the document in the canonical style. Runs in linear time.
    ///
    /// - Parameters:
    ///   - text: Any TOML 1.0 document, nested up to 100 levels deep.
    ///   - file: The file name to use in errors.
    /// - Throws: The first syntax error with its position, or that the result would be larger than 16 MiB.
    package static func formatted(_ text: String, file: String) throws(ConfigurationErrors) -> String {
        let document = try TOMLDocument.read(text, file: file)
        var reader = TOMLLayoutReader(text)
        var writer = TOMLLayoutWriter(limit: self.limit)
        guard let formatted = writer.text(of: reader.document()) else {
            throw self.failure("the formatted file would be larger than \(self.limit >> 20) MiB", "split it", file)
        }
        // The layout is read by other code than the values. If the two ever disagree, leave the file alone.
        guard let result = try? TOMLDocument.read(formatted, file: file), result.hasSameValue(as: document) else {
            throw self.failure("formatting would change its values", "report the file as a bug of the formatter", file)
        }
        return formatted
    }

    private static func failure(_ problem: String, _ suggestion: String, _ file: String) -> ConfigurationErrors {
        var failure = ConfigurationError(problem, suggestion: suggestion)
        failure.file = file
        return ConfigurationErrors([failure])
    }
}

extension SettingNode {
    /// Whether both have the same keys and values, wherever they are in a file. All NaNs are the same.
    package func hasSameValue(as other: SettingNode) -> Bool {
        switch (self.content, other.content) {
        case (.scalar(.number(let own)), .scalar(.number(let others))):
            own.isNaN ? others.isNaN : own == others && own.sign == others.sign
        case (.scalar(let own), .scalar(let others)): own == others
        case (.list(let own), .list(let others)):
            own.count == others.count && zip(own, others).allSatisfy { $0.hasSameValue(as: $1) }
        case (.table(let own), .table(let others)):
            own.count == others.count
                && own.allSatisfy { key, value in others[key].map { value.hasSameValue(as: $0) } ?? false }
        default: false
        }
    }
}
