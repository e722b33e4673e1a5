import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// Writes the limit fields of responses: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), and
/// the older `X-RateLimit-Limit`, `-Remaining` and `-Reset`, which can only report one window.
struct RateLimitFields {
    typealias Selection = RateLimitMiddleware.Fields

    private static let policyName = HeaderName(.rateLimitPolicy)
    private static let standingName = HeaderName(.rateLimit)
    private static let legacyLimit = HeaderName(.xRateLimitLimit)
    private static let legacyRemaining = HeaderName(.xRateLimitRemaining)
    private static let legacyReset = HeaderName(.xRateLimitReset)

    private let selection: Selection
    private let windows: [Window]

    private struct Window {
        /// `"users";r=`
        let prefix: [UInt8]
        /// The fields that are the same on every response in which this window is the tightest.
        let fixed: PreparedFields
    }

    var isEmpty: Bool { self.selection == .none }

    /// - Parameter capacities: the number of requests that a client with its full quota may send at once, for each
    ///   rate.
    init(name: String, rates: [Rate], capacities: [Int], selection: Selection) {
        self.selection = selection
        let names = rates.map { rate in
            Self.quoted(rates.count == 1 ? name : "\(name)-1\(rate.unit.rawValue.prefix(1))")
        }
        let policy = Array(
            zip(names, zip(rates, capacities)).map { name, window in
                "\(name);q=\(window.1);w=\(Self.seconds(toFill: window.1, at: window.0))"
            }.joined(separator: ", ").utf8
        )
        self.windows = zip(names, capacities).map { name, capacity in
            var fixed: [(name: HeaderName, value: [UInt8])] = []
            if selection.hasIETF { fixed.append((Self.policyName, policy)) }
            if selection.hasLegacy { fixed.append((Self.legacyLimit, Array(String(capacity).utf8))) }
            return Window(prefix: Array("\(name);r=".utf8), fixed: PreparedFields(fixed))
        }
    }

    /// The time in which the quota is restored: the unit of the rate, or for a bucket the time to fill it, so that
    /// quota divided by window is the sustainable rate.
    private static func seconds(toFill capacity: Int, at rate: Rate) -> Int {
        let period = Int(rate.unit.span.nanoseconds / 1_000_000_000)
        guard capacity != rate.count, rate.count > 0 else { return period }
        let (product, isTooLarge) = period.multipliedReportingOverflow(by: capacity)
        return isTooLarge ? .max : max(1, (product - 1) / rate.count + 1)
    }

    package func write(_ decision: RateLimitDecision, into headers: inout HeaderBlock) {
        let tightest = min(decision.tightest, self.windows.count - 1)
        headers.add(self.windows[tightest].fixed)
        if self.selection.hasIETF {
            headers.add(Self.standingName) { value in
                for index in self.windows.indices {
                    if index > 0 { value.write(", ") }
                    value.write(self.windows[index].prefix)
                    value.write(decimal: Int(decision[index].remaining))
                    value.write(";t=")
                    value.write(decimal: Int(decision[index].resetSeconds))
                }
            }
        }
        if self.selection.hasLegacy {
            let standing = decision[tightest]
            headers.add(Self.legacyRemaining) { $0.write(decimal: Int(standing.remaining)) }
            headers.add(Self.legacyReset) { $0.write(decimal: Int(standing.resetSeconds)) }
        }
    }

    /// Removes values of others from fields that can hold only one limit. The other fields are lists.
    func makeRoom(in headers: inout HeaderBlock) {
        guard self.selection.hasLegacy else { return }
        headers.remove(.xRateLimitLimit)
        headers.remove(.xRateLimitRemaining)
        headers.remove(.xRateLimitReset)
    }

    /// The fields of an error.
    func fields(_ decision: RateLimitDecision) -> PreparedFields {
        self.isEmpty ? PreparedFields() : PreparedFields { self.write(decision, into: &$0) }
    }

    /// A string of RFC 9651 section 3.3.3, which only allows printable ASCII.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += "\\" + String(UnicodeScalar(byte))
            case 0x20..<0x7F: result.unicodeScalars.append(UnicodeScalar(byte))
            default: result += "_"
            }
        }
        return result + "\""
    }
}
