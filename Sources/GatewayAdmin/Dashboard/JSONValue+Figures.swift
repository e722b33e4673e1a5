import GatewayHTTP
import GatewaySettings

extension JSONValue {
    /// A figure with four decimals; null if it is not known.
    static func figure(_ value: Double?, wholeIf isWhole: Bool = false) -> JSONValue {
        guard let value, value.isFinite else { return .null }
        return isWhole ? .whole(value) : .number((value * 10_000).rounded() / 10_000)
    }

    /// A share of a whole; null if there is no whole.
    static func ratio(_ part: Double, of whole: Double) -> JSONValue { whole > 0 ? .figure(part / whole) : .null }

    /// RFC 3339, with milliseconds.
    ///
    /// - Parameter milliseconds: Since 1970.
    static func time(_ milliseconds: Int64) -> JSONValue { .string(CivilTime.rfc3339WithMilliseconds(milliseconds)) }
}
