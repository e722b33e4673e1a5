/// Settings of a middleware with presets: the value of one setting changes the defaults of others.
package protocol PresetSettings: Codable, Sendable {
    /// The name and the defaults of the selected preset; nil if the usual defaults apply.
    var presetDefaults: (name: String, values: Self)? { get }
}

extension PresetSettings {
    /// Returns the settings with the preset's values for everything that was not set.
    static func completed(_ settings: SettingNode) -> SettingNode {
        // Decoding errors are reported when the settings are used.
        guard let written = try? SettingDecoder.decode(Self.self, from: settings, at: SettingPath()),
            let preset = written.presetDefaults
        else { return settings }
        return settings.filled(
            from: SettingNode(SettingSchema.written(preset.values), source: .preset(preset.name))
        )
    }
}

extension SettingNode {
    /// Returns the node with preset values for unset keys whose preset value differs from the default.
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
