/// The file behind a configuration: what was written and where.
package struct SettingDocument: Sendable {
    /// Everything as written, with environment variables put in; `nil` where a program built the configuration.
    package var root: SettingNode?
    /// What is legal but unwise.
    package var warnings: [ConfigurationError] = []

    package init() {}

    /// The place of a path's value, or of the nearest table around it.
    package func position(of path: SettingPath) -> SourcePosition? {
        root?.nearest(to: path).source.position
    }

    /// The place of a path's key, for mistakes in the key itself; in a list, that of the element.
    func keyPosition(of path: SettingPath) -> SourcePosition? {
        root?.node(at: path)?.keyPosition ?? position(of: path)
    }
}

extension SettingDocument: Codable {
    package init(from decoder: any Decoder) {}
    package func encode(to encoder: any Encoder) {}
}
