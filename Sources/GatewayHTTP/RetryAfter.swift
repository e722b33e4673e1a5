/// Reads `Retry-After` (RFC 9110 section 10.2.3).
package enum RetryAfter {
    /// A day. Longer waits count as one.
    private static let longest: Int64 = 86_400

    /// Returns the seconds to wait, or nil if the value is neither a number nor a date. A date in the past means 0.
    ///
    /// - Parameter now: Seconds since 1970.
    package static func seconds(_ value: UnsafeRawBufferPointer, now: Int64) -> Int64? {
        if !value.isEmpty, value.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) {
            return value.reduce(0) { min($0 * 10 + Int64($1 - UInt8(ascii: "0")), self.longest) }
        }
        return HTTPDate.seconds(value, now: now).map { min(max(0, $0 - now), self.longest) }
    }
}
