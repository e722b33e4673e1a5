/// Removes values of environment variables from messages: whole values, and the parts of them that a message may quote.
struct EnvironmentRedaction {
    private static let mark = Array("[redacted]".utf8)
    /// URL schemes reveal nothing and occur in suggestions.
    private static let known: Set<String> = ["http", "https", "unix"]
    /// In lowercase, because a suggestion may change the case.
    private let secrets: [[UInt8]]

    /// Creates a redaction for a configuration.
    ///
    /// - Parameter root: The configuration with environment variables expanded.
    init(_ root: SettingNode?) {
        var secrets: Set<[UInt8]> = []
        func collect(_ node: SettingNode) {
            for value in node.environmentValues {
                let parts = value.unicodeScalars.split(whereSeparator: Self.isSeparator).map(String.init)
                let telling = parts.filter { $0.utf8.count >= 3 && !Self.known.contains($0.lowercased()) }
                for text in telling + [value, String(JSONText.quoted(value).dropFirst().dropLast())] where !text.isEmpty
                {
                    secrets.insert(text.utf8.map(Self.lowercased))
                }
            }
            node.elements?.forEach(collect)
            node.entries?.values.forEach(collect)
        }
        if let root { collect(root) }
        self.secrets = Array(secrets)
    }

    func applied(to errors: [ConfigurationError]) -> [ConfigurationError] {
        if self.secrets.isEmpty { return errors }
        return errors.map { error in
            var error = error
            error.message = self.applied(to: error.message)
            error.suggestion = self.applied(to: error.suggestion)
            return error
        }
    }

    func applied(to text: String) -> String {
        let bytes = Array(text.utf8)
        let lowercased = bytes.map(Self.lowercased)
        var isSecret = [Bool](repeating: false, count: bytes.count)
        for secret in self.secrets where secret.count <= bytes.count {
            for start in 0...(bytes.count - secret.count) {
                let range = start..<start + secret.count
                guard lowercased[range].elementsEqual(secret) else { continue }
                if secret.count >= 6 || Self.isQuoted(range, in: bytes) {
                    for index in range { isSecret[index] = true }
                }
            }
        }
        var result: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if !isSecret[index] {
                result.append(byte)
            } else if index == 0 || !isSecret[index - 1] {
                result += Self.mark
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Whether messages and addresses can be split at this character.
    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value <= 0x20 || "/:?#,;{}[]\"'\\".unicodeScalars.contains(scalar)
    }

    /// Whether the range is quoted as a value. A short secret may also be an ordinary word of the message.
    private static func isQuoted(_ range: Range<Int>, in text: [UInt8]) -> Bool {
        func isMark(_ byte: UInt8?) -> Bool { byte.map { "\"/:{}[]".utf8.contains($0) } ?? false }
        func isEdge(_ byte: UInt8?) -> Bool { byte.map { !TOMLParser.isBareKeyByte($0) && $0 != 0x2E } ?? true }
        let before = range.lowerBound > 0 ? text[range.lowerBound - 1] : nil
        let after = range.upperBound < text.count ? text[range.upperBound] : nil
        // A number at the start of a message has no quotes.
        return isEdge(before) && isEdge(after) && (before == nil || isMark(before) || isMark(after))
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}

extension SettingDocument {
    /// Returns the errors with values from environment variables redacted.
    package func redacted(_ errors: [ConfigurationError]) -> [ConfigurationError] {
        EnvironmentRedaction(self.root).applied(to: errors)
    }
}
