extension SettingDescriptions {
    static let all: [String: String] = [:]
}
