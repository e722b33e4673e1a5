import GatewayHTTP
public import GatewaySettings

/// A reason to try a request again: `"connect"`, `"reset"`, `"timeout"`, a status such as `"503"`, or a range of statuses
/// such as `"502-504"`.
public enum RetryCondition: Hashable, Sendable {
    /// No connection could be made.
    case connect
    /// The connection ended before a response.
    case reset
    /// No response began within `first_byte`.
    case timeout
    /// The upstream answered with one of these statuses.
    case status(ClosedRange<Int>)
}

extension RetryCondition: Setting {
    public static var shape: SettingShape { .string("condition", examples: ["connect", "503", "502-504"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        switch value {
        case .string("connect"): self = .connect
        case .string("reset"): self = .reset
        case .string("timeout"): self = .timeout
        case .string(let text):
            guard let statuses = Self.statuses(text) else { throw Self.error(text) }
            self = .status(statuses)
        case .integer(let status): throw SettingError("is not a condition", suggestion: "write \"\(status)\"")
        default: throw SettingError("is not a condition", suggestion: "write \"connect\" or \"503\"")
        }
    }

    public var settingValue: SettingValue { .string(self.description) }

    private static func statuses(_ text: String) -> ClosedRange<Int>? {
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { Int(digits: $0) }
        guard bounds.count <= 2, let first = bounds[0], let last = bounds[bounds.count - 1], first <= last,
            (400...599).contains(first), (400...599).contains(last)
        else { return nil }
        return first...last
    }

    private static func error(_ text: String) -> SettingError {
        if let group = text.lowercased().first, text.lowercased().dropFirst() == "xx", ("4"..."5").contains(group) {
            return SettingError("is not a condition", suggestion: "write \"\(group)00-\(group)99\"")
        }
        if let word = NearestName.of(text, among: ["connect", "reset", "timeout"]) {
            return SettingError("is not a condition", suggestion: "write \"\(word)\"")
        }
        return SettingError(
            "is not a condition",
            suggestion: "write \"connect\", \"reset\", \"timeout\", or statuses such as \"503\" or \"502-504\""
        )
    }
}

extension RetryCondition: CustomStringConvertible {
    /// The form used in `gateway.toml`.
    public var description: String {
        switch self {
        case .connect: "connect"
        case .reset: "reset"
        case .timeout: "timeout"
        case .status(let statuses) where statuses.count == 1: "\(statuses.lowerBound)"
        case .status(let statuses): "\(statuses.lowerBound)-\(statuses.upperBound)"
        }
    }
}

/// The conditions of a route, prepared so that a successful response costs one comparison.
struct RetryConditions {
    let connect: Bool
    let reset: Bool
    let timeout: Bool
    private let statuses: [ClosedRange<Int>]
    private let lowest: Int

    init(_ conditions: [RetryCondition]) {
        self.connect = conditions.contains(.connect)
        self.reset = conditions.contains(.reset)
        self.timeout = conditions.contains(.timeout)
        self.statuses = conditions.compactMap { if case .status(let statuses) = $0 { statuses } else { nil } }
        self.lowest = self.statuses.map(\.lowerBound).min() ?? .max
    }

    func contains(status: Int) -> Bool {
        guard status >= self.lowest else { return false }
        return self.statuses.contains { $0.contains(status) }
    }
}
