/// A file of `[[keys]]`, as `auth.api_key.file` names it.
package struct KeyFile: Sendable {
    package struct Entry: Sendable {
        package var key: KeyConfiguration
        /// Where the table begins, from 1.
        package var line: Int
    }

    package private(set) var entries: [Entry]

    /// Reads the text of a file. Files are large, so that the usual form is read in one pass, and only what differs from
    /// it as all of TOML.
    ///
    /// - Throws: All errors, with their lines.
    package init(_ text: String, file: String) throws(ConfigurationErrors) {
        if let entries = KeyFileScanner.entries(of: text) {
            self.entries = entries
        } else {
            self.entries = try Self.entries(of: text, file: file)
        }
        let errors = self.entries.compactMap { entry in
            entry.key.problem.map {
                ConfigurationError(
                    $0.problem,
                    suggestion: $0.suggestion,
                    at: SourcePosition(file: file, line: entry.line, column: 1)
                )
            }
        }
        guard errors.isEmpty else { throw ConfigurationErrors(errors) }
    }

    private struct Tables: SettingTable {
        var keys: [KeyConfiguration] = []
    }

    private static func entries(of text: String, file: String) throws(ConfigurationErrors) -> [Entry] {
        // The path decides what messages may show.
        let path = SettingPath("auth", "api_key")
        let node = try TOMLDocument.read(text, file: file)
        var walker = SettingWalker(middlewares: [], diagnostics: ConfigurationDiagnostics())
        let complete = walker.walk(node, .table(SettingSchema.of(Tables())), at: path)
        guard walker.diagnostics.errors.isEmpty else { throw ConfigurationErrors(walker.diagnostics.errors) }
        do {
            let tables = try SettingDecoder.decode(Tables.self, from: complete, at: path)
            let nodes = node.entries?["keys"]?.elements ?? []
            return tables.keys.enumerated().map { index, key in
                let line = nodes.indices.contains(index) ? nodes[index].source.position?.line : nil
                return Entry(key: key, line: line ?? 0)
            }
        } catch {
            throw ConfigurationErrors([(error as? ConfigurationError) ?? ConfigurationError("\(error)")])
        }
    }
}

extension KeyConfiguration {
    /// Says why the key cannot be used. It never contains the digest, because people write keys in its place.
    package var problem: (key: String, problem: String, suggestion: String)? {
        let command = "run `gateway key new NAME` and use what it prints"
        if self.name.isEmpty { return ("name", "the key has no name", "add the consumer's name") }
        if self.name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            return ("name", "\(JSONText.quoted(self.name)) has control characters", "choose another name")
        }
        if self.sha256.isEmpty { return ("sha256", "the key has no digest", command) }
        guard self.sha256.utf8.count == 64, self.sha256.utf8.allSatisfy(Self.isHexDigit) else {
            return ("sha256", "the value is not a SHA-256 digest of 64 hexadecimal digits", command)
        }
        return nil
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
    }
}
