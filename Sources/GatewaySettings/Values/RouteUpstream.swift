/// The upstream of a route, or several upstreams with their shares of its requests.
public enum RouteUpstream: Hashable {
    case one(String)
    /// The shares by upstream, relative to each other. An upstream with the share 0 receives no requests.
    case split([String: Int])

    /// Creates the upstream of a route that sends all requests to one.
    public init(_ name: String) { self = .one(name) }

    /// The range of a share.
    package static let shares = 0...1_000_000

    /// The names of the upstreams, in alphabetical order.
    public var names: [String] {
        switch self {
        case .one(let name): [name]
        case .split(let shares): shares.keys.sorted()
        }
    }

    /// The upstreams with their shares, the largest first. A single upstream has no share.
    package var sides: [(name: String, share: Int?)] {
        switch self {
        case .one(let name): [(name, nil)]
        case .split(let shares):
            shares.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
        }
    }
}

extension RouteUpstream: Setting {
    public static var shape: SettingShape {
        .other(
            "name of an upstream, or table of shares by upstream",
            schema: [
                "anyOf": [
                    ["type": "string"],
                    [
                        "type": "object", "minProperties": 1,
                        "additionalProperties": [
                            "type": "integer", "minimum": .integer(Self.shares.lowerBound),
                            "maximum": .integer(Self.shares.upperBound),
                        ],
                    ],
                ]
            ]
        )
    }

    public init(setting value: SettingValue) throws(SettingError) {
        switch value {
        case .string(let name): self = .one(name)
        case .table(let entries):
            var shares: [String: Int] = [:]
            for (name, value) in entries.sorted(by: { $0.key < $1.key }) {
                guard case .integer(let share) = value else {
                    throw SettingError(
                        "has a share that is not a whole number: \(name) = \(value.quoted)",
                        suggestion: "write \(Self.wholeShares(entries))"
                    )
                }
                shares[name] = share
            }
            self = .split(shares)
        case .list(let names) where !names.isEmpty:
            var shares: [String: SettingValue] = [:]
            for case .string(let name) in names { shares[name] = 1 }
            throw SettingError(
                "is a list, not a table of shares",
                suggestion: "write \(SettingValue.table(shares).quoted)"
            )
        default:
            throw SettingError(
                "is not the name of an upstream",
                suggestion: "write a string, or a table of shares"
            )
        }
    }

    /// Returns the table with shares that are whole numbers: percentages instead of fractions.
    private static func wholeShares(_ entries: [String: SettingValue]) -> String {
        let whole = entries.mapValues { value -> SettingValue in
            switch value {
            case .integer: return value
            case .number(let share) where share > 0 && share * 100 <= Double(Self.shares.upperBound):
                return .integer(max(1, Int((share * 100).rounded())))
            case .string(let text): return .integer(Int(text) ?? 1)
            default: return 1
            }
        }
        return SettingValue.table(whole).quoted
    }

    public var settingValue: SettingValue {
        switch self {
        case .one(let name): .string(name)
        case .split(let shares): .table(shares.mapValues { .integer($0) })
        }
    }
}

extension RouteUpstream: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral {
    public init(stringLiteral value: String) { self = .one(value) }
    public init(dictionaryLiteral elements: (String, Int)...) {
        self = .split(Dictionary(elements) { _, last in last })
    }
}
