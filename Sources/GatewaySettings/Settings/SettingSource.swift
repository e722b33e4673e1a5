/// Where the value of a setting comes from.
public enum SettingSource: Hashable, Sendable {
    /// The default.
    case `default`
    /// The default of a preset.
    case preset(String)
    /// Set in code.
    case code
    /// A position in a file, and the policy that it belongs to, if any.
    case file(SourcePosition, policy: String?)

    package var position: SourcePosition? {
        if case .file(let position, _) = self { position } else { nil }
    }
}

extension SettingSource: CustomStringConvertible {
    /// `default`, or `gateway.toml:14` with the policy's name.
    public var description: String {
        switch self {
        case .default: "default"
        case .preset(let name): "preset \(name)"
        case .code: "code"
        case .file(let position, policy: nil): "\(position.file):\(position.line)"
        case .file(let position, policy: let policy?): "\(position.file):\(position.line) (policy \(policy))"
        }
    }
}

/// A position in a file.
public struct SourcePosition: Hashable, Sendable {
    public var file: String
    /// Starts at 1.
    public var line: Int
    /// In characters. Starts at 1.
    public var column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

extension SettingSource: Codable {
    /// Values that are decoded from elsewhere count as set in code.
    public init(from decoder: any Decoder) throws { self = .code }
    public func encode(to encoder: any Encoder) throws {}
}
