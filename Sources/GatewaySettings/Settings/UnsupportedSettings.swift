/// Settings of the format that this version does not support. They are rejected explicitly so that nobody assumes they
/// take effect.
enum UnsupportedSettings {
    /// `*` matches any key.
    private static let keys: Set<String> = []

    static func contains(_ path: SettingPath) -> Bool {
        let names = path.steps.compactMap { step in
            if case .key(let name) = step { name } else { nil }
        }
        guard names.count == path.steps.count else { return false }
        var pattern = names
        if pattern.count > 2, pattern[0] == "upstreams" { pattern[1] = "*" }
        return keys.contains(pattern.joined(separator: "."))
    }
}
