/// A setting that accepts a fixed set of words: an enumeration with string raw values.
public protocol SettingChoice: Setting, CaseIterable, RawRepresentable where RawValue == String {}

extension SettingChoice {
    public static var shape: SettingShape { .choice(allCases.map(\.rawValue)) }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let word) = value, let choice = Self(rawValue: word) else {
            throw SettingError.notOneOf(Self.allCases.map(\.rawValue), value)
        }
        self = choice
    }

    public var settingValue: SettingValue { .string(rawValue) }

    public init(from decoder: any Decoder) throws {
        try self.init(setting: SettingValue(from: decoder))
    }

    public func encode(to encoder: any Encoder) throws {
        try settingValue.encode(to: encoder)
    }
}

extension SettingError {
    /// Returns the error for a value that is not one of the words. Suggests the closest word, if there is one.
    package static func notOneOf(_ words: [String], _ value: SettingValue) -> SettingError {
        let quoted = words.map { "\"\($0)\"" }
        if case .string(let word) = value, let nearest = NearestName.of(word, among: words) {
            return SettingError("is not one of \(quoted.joined(separator: ", "))", suggestion: "write \"\(nearest)\"")
        }
        let list =
            quoted.count < 2
            ? quoted.joined() : quoted.dropLast().joined(separator: ", ") + " or " + quoted[quoted.count - 1]
        return SettingError("is not allowed here", suggestion: "write \(list)")
    }
}
