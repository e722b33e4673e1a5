/// The source of a configuration: the values in the file and their positions.
package struct SettingDocument: Sendable {
    /// The root of the file, with environment variables expanded; nil if the configuration was built in code.
    package var root: SettingNode?
    /// Warnings about settings that are valid but inadvisable.
    package var warnings: [ConfigurationError] = []
    /// The folder that relative paths of certificates and keys start from.
    package var folder = ConfigurationFolder()

    init() {}

    /// Returns the position of the value at a path, or of the nearest enclosing table.
    package func position(of path: SettingPath) -> SourcePosition? {
        root?.nearest(to: path).source.position
    }

    /// Returns the position of the key at a path, for errors in the key itself. For a list element, returns the
    /// element's position.
    func keyPosition(of path: SettingPath) -> SourcePosition? {
        root?.node(at: path)?.keyPosition ?? position(of: path)
    }
}

extension SettingDocument: Codable {
    package init(from decoder: any Decoder) {}
    package func encode(to encoder: any Encoder) {}
}
