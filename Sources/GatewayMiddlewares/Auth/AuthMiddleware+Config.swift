import GatewayCore
public import GatewaySettings

extension AuthMiddleware {
    public struct Config: Codable, Sendable {
        /// The kinds of credentials that the route accepts, in the order in which they are looked for: `api_key`, `jwt`, `basic`, `forward`.
        public var any: [String] = []
        /// Whether requests without any credential pass as anonymous. Wrong credentials never pass.
        public var optional = false
        /// What an accepted credential must have, all of it: `scope` (every word), `consumer`, `plan`, `jwt.NAME` (one of the values). Others get 403.
        public var require: [String: RequiredValues] = [:]
        /// How many wrong credentials a client address may send, on all routes together. Further requests get 429. `"off"`: any number.
        public var failures = FailureLimit.rate(Rate(20, per: .minute))
        /// `shadow` logs and counts, but refuses nothing.
        public var mode = Mode.enforce

        public init() {}
    }

    public enum Mode: String, SettingChoice {
        case enforce, shadow
    }
}

extension AuthMiddleware.Config {
    /// The settings that the route of another middleware has, without kinds if `auth` is off there; nil if they are not
    /// known.
    static func ofRoute(in context: borrowing BuildContext) -> Self? {
        guard let auth = context.chain.first(where: { $0.name == AuthMiddleware.name }) else { return nil }
        return auth.isEnabled ? try? auth.decode(Self.self) : Self()
    }
}

/// The values of one requirement: `"admin"`, or `["editor", "admin"]`.
public struct RequiredValues: Hashable, Sendable {
    /// At least one.
    public var values: [String]

    public init(_ values: String...) { self.values = values }
}

extension RequiredValues: Setting {
    public static var shape: SettingShape {
        .other(
            "requirement",
            schema: [
                "anyOf": [
                    ["type": ["string", "boolean", "integer"]],
                    ["type": "array", "items": ["type": "string"], "minItems": 1],
                ]
            ]
        )
    }

    public init(setting value: SettingValue) throws(SettingError) {
        switch value {
        case .list(let values) where !values.isEmpty:
            var texts: [String] = []
            for value in values { texts.append(try Self.text(value)) }
            self.values = texts
        default: self.values = [try Self.text(value)]
        }
    }

    private static func text(_ value: SettingValue) throws(SettingError) -> String {
        switch value {
        case .string(let text) where !text.isEmpty: return text
        case .boolean(let flag): return flag ? "true" : "false"
        case .integer(let number): return String(number)
        default:
            throw SettingError(
                "is nothing that can be required",
                suggestion: "write \"admin\" or [\"editor\", \"admin\"]"
            )
        }
    }

    public var settingValue: SettingValue {
        self.values.count == 1 ? .string(self.values[0]) : .list(self.values.map { .string($0) })
    }
}

/// A rate, or `"off"`.
public enum FailureLimit: Hashable, Sendable {
    case off
    case rate(Rate)
}

extension FailureLimit: Setting {
    public static var shape: SettingShape { .string("rate or `\"off\"`", examples: ["20/minute", "off"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        if value == .string("off") {
            self = .off
            return
        }
        do throws(SettingError) {
            self = .rate(try Rate(setting: value))
        } catch {
            throw SettingError(error.problem, suggestion: error.suggestion + ", or \"off\"")
        }
    }

    public var settingValue: SettingValue {
        switch self {
        case .off: "off"
        case .rate(let rate): rate.settingValue
        }
    }
}
