@testable import Gateway
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// TOML, and configurations in it.
enum ConfigurationCheck {
    private static let file = "a.toml"

    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        // Invalid UTF-8 is rejected before it is parsed.
        guard let text = String(validating: input, as: UTF8.self) else { return }
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            line.count { $0 & 0xC0 != 0x80 }
        }
        switch self.result({ () throws(ConfigurationErrors) in try TOMLDocument.read(text, file: self.file) }) {
        case .success(let node): try self.checkWritten(node)
        case .failure(let errors):
            try self.check(errors.errors, lines)
            return
        }
        let configuration = self.result { () throws(ConfigurationErrors) in
            try GatewayConfiguration(toml: text, file: self.file, environment: ["A": "b"], middlewares: .standard)
        }
        switch configuration {
        case .success(let configuration): try self.check(configuration.document.warnings, lines, canBeEmpty: true)
        case .failure(let errors): try self.check(errors.errors, lines)
        }
    }

    private static func result<Value>(
        _ read: () throws(ConfigurationErrors) -> Value
    ) -> Result<Value, ConfigurationErrors> {
        do { return .success(try read()) } catch { return .failure(error) }
    }

    /// Every finding has a text and a position within the file. Some have no position, such as missing routes.
    private static func check(
        _ errors: [ConfigurationError],
        _ lines: [Int],
        canBeEmpty: Bool = false
    ) throws(BrokenProperty) {
        try hold(canBeEmpty || !errors.isEmpty, "rejected without an error")
        for error in errors {
            try hold(!error.message.isEmpty, "an empty message")
            guard error.line > 0 || error.column > 0 else { continue }
            try hold(error.file == self.file, "\(error) has another file")
            try hold((1...lines.count).contains(error.line), "\(error) is outside the \(lines.count) lines")
            let length = lines[error.line - 1]
            try hold((1...(length + 1)).contains(error.column), "\(error) is outside the \(length) columns")
        }
    }

    /// The same values, written in another form, are read as equal.
    private static func checkWritten(_ node: SettingNode) throws(BrokenProperty) {
        // Inline tables are nested more deeply than the headers that they replace.
        guard let entries = node.entries, self.depth(of: node.value) < 50 else { return }
        let text = entries.map { "\(JSONText.quoted($0.key)) = \(self.text($0.value.value))\n" }.joined()
        let again = self.result { () throws(ConfigurationErrors) in try TOMLDocument.read(text, file: self.file).value }
        switch again {
        // NaN is not equal to itself.
        case .success(let value): try hold(self.text(value) == self.text(node.value), "written again, it is \(value)")
        case .failure(let errors): throw BrokenProperty(description: "written again: \(errors), in \(text)")
        }
    }

    private static func depth(of value: SettingValue) -> Int {
        switch value {
        case .list(let values): 1 + (values.map(self.depth).max() ?? 0)
        case .table(let entries): 1 + (entries.values.map(self.depth).max() ?? 0)
        default: 0
        }
    }

    private static func text(_ value: SettingValue) -> String {
        switch value {
        case .boolean, .integer, .number, .date: value.quoted
        case .string(let text): JSONText.quoted(text)
        case .list(let values): "[" + values.map(self.text).joined(separator: ", ") + "]"
        case .table(let entries):
            "{"
                + entries.sorted { $0.key < $1.key }
                .map { "\(JSONText.quoted($0.key)) = \(self.text($0.value))" }.joined(separator: ", ") + "}"
        }
    }
}
