/// A value `"auto"`, `true` or `false`.
enum AutomaticBoolean {
    static let shape = SettingShape.other("boolean or `\"auto\"`", schema: ["enum": ["auto", true, false]])

    /// Returns nil for `"auto"`.
    static func read(_ value: SettingValue) throws(SettingError) -> Bool? {
        switch value {
        case .string("auto"): nil
        case .boolean(let choice): choice
        default: throw SettingError("is not allowed here", suggestion: "write \"auto\", true or false")
        }
    }
}
