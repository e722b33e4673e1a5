/// A setting that differs between two configurations. Its values may be shown: secrets are redacted.
package struct SettingChange: Hashable, Sendable {
    /// Dotted, such as `timeout.total`.
    package let key: String
    /// nil if the setting is absent.
    package let from: SettingValue?
    package let to: SettingValue?

    package init(key: String, from: SettingValue?, to: SettingValue?) {
        self.key = key
        self.from = from
        self.to = to
    }

    /// `timeout.total 30s → 1m`
    package var text: String { "\(self.key) \(Self.text(self.from)) → \(Self.text(self.to))" }

    package var json: JSONValue {
        ["from": self.from.map { JSONValue($0) } ?? .null, "to": self.to.map { JSONValue($0) } ?? .null]
    }

    /// Plain words need no quotes.
    private static func text(_ value: SettingValue?) -> String {
        guard let value else { return "(none)" }
        guard case .string(let text) = value, !text.isEmpty,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") })
        else { return value.quoted }
        return text
    }
}

/// The leaves of a table of settings by dotted key, to compare it with another one.
struct ComparedSettings {
    /// The value to compare, and the one to show.
    private var leaves: [String: (value: SettingValue, shown: SettingValue)] = [:]

    /// Adds the leaves of a value. A list is one leaf.
    ///
    /// - Parameters:
    ///   - value: The value, as it would be written in a file.
    ///   - path: The path to name the leaves by.
    ///   - place: The path of the value in `document`.
    ///   - document: What was written, to find values from the environment.
    mutating func add(_ value: SettingValue, at path: SettingPath, place: SettingPath, in document: SettingNode?) {
        if case .table(let entries) = value {
            for (key, entry) in entries { self.add(entry, at: path + key, place: place + key, in: document) }
        } else {
            self.leaves[path.description] = (value, value.redacted(at: place, in: document))
        }
    }

    mutating func set(_ key: String, to value: SettingValue) { self.leaves[key] = (value, value) }

    /// Returns the differences, sorted by key.
    static func changes(from old: ComparedSettings, to new: ComparedSettings) -> [SettingChange] {
        Set(old.leaves.keys).union(new.leaves.keys).sorted().compactMap { key in
            let (from, to) = (old.leaves[key], new.leaves[key])
            guard from?.value != to?.value else { return nil }
            return SettingChange(key: key, from: from?.shown, to: to?.shown)
        }
    }
}
