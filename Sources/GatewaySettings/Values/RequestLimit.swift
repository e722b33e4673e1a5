/// What `rate_limit.limit` says: rates, or the plan of the caller.
public enum RequestLimit: Hashable, Sendable {
    /// The same rates for everybody: `"60/minute"`, or `["10/second", "1000/hour"]`.
    case rates(Rates)
    /// `"plan"`: the rates of the caller's plan, counted over all routes that say so.
    case plan
}

extension RequestLimit: Setting {
    private static let planText = "plan"

    public static var shape: SettingShape {
        .other(
            "rate (`\"60/minute\"`), list of rates, or `\"plan\"`",
            schema: ["anyOf": [Rates.shape.schema, ["type": "string", "enum": [.string(Self.planText)]]]]
        )
    }

    public init(setting value: SettingValue) throws(SettingError) {
        self = value == .string(Self.planText) ? .plan : .rates(try Rates(setting: value))
    }

    public var settingValue: SettingValue {
        switch self {
        case .rates(let rates): rates.settingValue
        case .plan: .string(Self.planText)
        }
    }
}
