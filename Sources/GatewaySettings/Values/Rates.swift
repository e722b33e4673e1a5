/// One or more rates that apply together: `"60/minute"`, or `["10/second", "1000/hour"]`.
public struct Rates: Hashable {
    /// The rates, sorted by ascending unit. Not empty. Each unit occurs once.
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
        guard case .list(let values) = value else {
            rates = [try Rate(setting: value)]
            return
        }
        guard !values.isEmpty else {
            throw SettingError("is empty", suggestion: "write [\"10/second\", \"1000/hour\"]")
        }
        var rates: [Rate] = []
        for value in values {
            let rate: Rate
            do throws(SettingError) {
                rate = try Rate(setting: value)
            } catch {
                throw SettingError("has \(value.quoted), which \(error.problem)", suggestion: Self.corrected(values))
            }
            if let other = rates.first(where: { $0.unit == rate.unit }) {
                throw SettingError(
                    "has two rates per \(rate.unit.rawValue)",
                    suggestion: "write \(Self.without(rate.count > other.count ? rate : other, values).quoted)"
                )
            }
            rates.append(rate)
        }
        self.rates = rates.sorted { $0.unit.span < $1.unit.span }
    }

    /// Returns the list with every rate corrected to what was probably meant.
    private static func corrected(_ values: [SettingValue]) -> String {
        let rates = values.map { value in
            do throws(SettingError) {
                return try Rate(setting: value).settingValue.quoted
            } catch {
                return error.firstLiteral ?? "\"60/minute\""
            }
        }
        return "write [\(rates.joined(separator: ", "))]"
    }

    private static func without(_ rate: Rate, _ values: [SettingValue]) -> SettingValue {
        let rest = values.filter { $0 != rate.settingValue }
        return rest.count == 1 ? rest[0] : .list(rest)
    }

    public var settingValue: SettingValue {
        rates.count == 1 ? rates[0].settingValue : .list(rates.map(\.settingValue))
    }
}
