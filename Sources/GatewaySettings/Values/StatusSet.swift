/// A set of HTTP statuses: `"200-399"`, `"200,204"` or `"200-299,401"`.
public struct StatusSet: Hashable {
    /// In the order in which they were written. Not empty.
    public var ranges: [StatusRange]

    public init(_ ranges: StatusRange...) { self.ranges = ranges }

    public func contains(_ status: Int) -> Bool { self.ranges.contains { $0.statuses.contains(status) } }
}

extension StatusSet: Setting {
    public static var shape: SettingShape {
        .string("statuses", examples: ["200-399", "200,204", "200-299,401"])
    }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let text) = value else {
            let example = Self.status(in: value) ?? "200-399"
            throw SettingError("is not a set of statuses", suggestion: "write \"\(example)\"")
        }
        self.ranges = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let range = StatusRange(part.filter { $0 != " " }) else {
                throw SettingError(
                    "has \(JSONText.quoted(String(part))), which is not a status or a range of statuses",
                    suggestion: "write \"200-399\" or \"200,204\""
                )
            }
            self.ranges.append(range)
        }
    }

    private static func status(in value: SettingValue) -> String? {
        if case .integer(let status) = value, StatusRange.all.contains(status) { "\(status)" } else { nil }
    }

    public var settingValue: SettingValue { .string(self.ranges.map(\.description).joined(separator: ",")) }
}
