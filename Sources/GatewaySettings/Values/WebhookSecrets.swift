/// One secret, or a list of secrets that are all used: `"whsec_…"`.
public struct WebhookSecrets: Hashable, Sendable {
    /// As written. Empty: none.
    public var texts: [String]

    public init(_ texts: [String] = []) { self.texts = texts }
}

extension WebhookSecrets: Setting {
    public static var shape: SettingShape {
        .other(
            "secret (`\"whsec_…\"`) or list of secrets",
            schema: ["anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"]]]]
        )
    }

    public init(setting value: SettingValue) throws(SettingError) {
        let values = if case .list(let values) = value { values } else { [value] }
        self.texts = []
        for case .string(let text) in values where !text.isEmpty { self.texts.append(text) }
        guard values.allSatisfy({ if case .string = $0 { true } else { false } }) else {
            throw SettingError("is not a secret", suggestion: "write \"whsec_\" and the base64 of 24 to 64 bytes")
        }
    }

    public var settingValue: SettingValue {
        switch self.texts.count {
        case 0: ""
        case 1: .string(self.texts[0])
        default: .list(self.texts.map { .string($0) })
        }
    }
}
