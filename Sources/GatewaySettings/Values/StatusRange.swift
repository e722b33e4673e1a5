import GatewayHTTP

/// A range of HTTP statuses: `"500-599"`, or `"503"` for a single one.
public struct StatusRange: Hashable {
    /// Within 100 to 599.
    public var statuses: ClosedRange<Int>

    public init(_ statuses: ClosedRange<Int>) { self.statuses = statuses.clamped(to: Self.all) }
    public init(_ status: Int) { self.init(status...status) }

    static let all = 100...599
}

extension StatusRange: Setting {
    public static var shape: SettingShape { .string("status range", examples: ["500-599", "503"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        switch value {
        case .integer(let status) where Self.all.contains(status):
            throw SettingError("is not in quotes", suggestion: "write \"\(status)\"")
        case .string(let text):
            guard let range = StatusRange(text) else {
                throw SettingError("is not a status or a range of statuses", suggestion: Self.probable(text))
            }
            self = range
        default: throw SettingError("is not a status", suggestion: "write \"500-599\" or \"503\"")
        }
    }

    public var settingValue: SettingValue { .string(description) }

    /// Reads `"500-599"` or `"503"`.
    public init?(_ text: some StringProtocol) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { end in
            end.utf8.count == 3 ? Int(digits: end) : nil
        }
        guard let first = ends[0], let last = ends[ends.count - 1], ends.count <= 2, first <= last,
            Self.all.contains(first), Self.all.contains(last)
        else { return nil }
        self.statuses = first...last
    }

    /// Suggests the range that was probably meant by `"5xx"`, `"500 - 599"` or `"599-500"`.
    private static func probable(_ text: String) -> String {
        let plain = text.lowercased().filter { $0 != " " }
        let digits = plain.first.flatMap(\.wholeNumberValue) ?? 0
        if plain.hasSuffix("xx"), plain.count == 3, (1...5).contains(digits) {
            return "write \"\(digits)00-\(digits)99\""
        }
        let ends = plain.split { !$0.isNumber }.compactMap { Int($0) }.filter(all.contains).sorted()
        guard let first = ends.first, let last = ends.last else { return "write \"500-599\" or \"503\"" }
        return "write \"\(StatusRange(first...last))\""
    }
}

extension StatusRange: CustomStringConvertible {
    /// The form used in `gateway.toml`.
    public var description: String {
        statuses.count == 1 ? "\(statuses.lowerBound)" : "\(statuses.lowerBound)-\(statuses.upperBound)"
    }
}
