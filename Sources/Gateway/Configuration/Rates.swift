/// One rate or several that hold at once: `"60/minute"`, or `["10/second", "1000/hour"]`.
public struct Rates: Hashable {
    /// At least one, the shortest unit of time first, each unit once.
    public var rates: [Rate]

    public init(_ rates: Rate...) { self.rates = rates }
}

extension Rates: Setting {
    public static var shape: SettingShape {
        let rate = Rate.shape.schema
        return .other(
            "rate (`\"60/minute\"`) or list of rates",
            schema: ["anyOf": [rate, ["type": "array", "items": rate, "minItems": 1]]]
        )
    }

    public init(setting value: SettingValue) throws(SettingError) {
        if value == .string("plan") {
            throw SettingError(
                "needs authentication, which is not supported in this version",
                suggestion: "write \"60/minute\""
            )
        }
        guard case .list(let values) = value else {
            rates = [try Rate(setting: value)]
            return
        }
        guard !values.isEmpty else {
            throw SettingError("names no rate", suggestion: "write [\"10/second\", \"1000/hour\"]")
        }
        var rates: [Rate] = []
        for value in values {
            let rate = try Rate(setting: value)
            if let other = rates.first(where: { $0.unit == rate.unit }) {
                throw SettingError(
                    "has two rates a \(rate.unit.rawValue)",
                    suggestion: "write the lower one alone, \"\(min(rate.count, other.count))/\(rate.unit.rawValue)\""
                )
            }
            rates.append(rate)
        }
        self.rates = rates.sorted { $0.unit.span < $1.unit.span }
    }

    public var settingValue: SettingValue {
        rates.count == 1 ? rates[0].settingValue : .list(rates.map(\.settingValue))
    }
}
