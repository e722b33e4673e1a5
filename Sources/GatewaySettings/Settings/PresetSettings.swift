/// Settings of a middleware whose defaults depend on what was written for others of them.
package protocol PresetSettings: Codable, Sendable {
    /// The defaults of a preset with their name; nil if the usual defaults apply.
    var presetDefaults: (name: String, values: Self)? { get }
}

extension PresetSettings {
    /// The settings with the preset's values where nothing was written.
    package static func completed(_ settings: SettingNode) -> SettingNode {
        // What cannot be decoded is reported when it is used.
        guard let written = try? SettingDecoder.decode(Self.self, from: settings, at: SettingPath()),
            let preset = written.presetDefaults
        else { return settings }
        return settings.filled(
            from: SettingNode(SettingSchema.written(preset.values), source: .preset(preset.name))
        )
    }
}

extension SettingNode {
    /// Takes over, for each key that nobody wrote, what differs from its default.
    fileprivate func filled(from preset: SettingNode) -> SettingNode {
        guard var entries, let values = preset.entries else {
            return source == .default && value != preset.value ? preset : self
        }
        for (key, value) in values { entries[key] = entries[key]?.filled(from: value) ?? value }
        var result = self
        result.content = .table(entries)
        return result
    }
}
