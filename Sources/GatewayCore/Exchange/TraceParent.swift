package import GatewayHTTP
import NIOCore

/// The position of a request in a trace: `traceparent` of W3C Trace Context (section 3.2).
package struct TraceParent: Hashable, Sendable {
    package let traceID: (high: UInt64, low: UInt64)
    package let spanID: UInt64
    package let flags: UInt8

    package static let length = 55
    /// The trace is being recorded.
    package static let sampled: UInt8 = 0x01
    /// The trace ID is random.
    private static let random: UInt8 = 0x02

    /// Starts a new trace that is not sampled: nobody records it yet, and an upstream that follows its parent's
    /// decision must not record every request.
    package init(using generator: inout some RandomNumberGenerator) {
        // All-zero IDs are invalid (sections 3.2.2.3 and 3.2.2.4).
        self.traceID = (generator.next(), max(1, generator.next()))
        self.spanID = max(1, generator.next())
        self.flags = 0
    }

    private init(_ traceID: (high: UInt64, low: UInt64), spanID: UInt64, flags: UInt8) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
    }

    /// No position.
    static let none = TraceParent((0, 0), spanID: 0, flags: 0)

    /// Another span of the same trace, with the same decision.
    package func span(_ id: UInt64) -> TraceParent { TraceParent(self.traceID, spanID: id, flags: self.flags) }

    /// The same position with the decision that the trace is recorded.
    package func sampled() -> TraceParent {
        TraceParent(self.traceID, spanID: self.spanID, flags: self.flags | Self.sampled)
    }

    /// Continues a trace with a new span.
    package init(following parent: TraceParent, using generator: inout some RandomNumberGenerator) {
        self.traceID = parent.traceID
        self.spanID = max(1, generator.next())
        self.flags = parent.flags
    }

    /// nil if it is malformed. Future versions may be longer, and are read as version 00.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.length, let version = Self.hex(bytes, 0, 2), version != 0xFF else { return nil }
        guard bytes.count == Self.length || version > 0 && bytes[Self.length] == UInt8(ascii: "-") else { return nil }
        guard bytes[2] == UInt8(ascii: "-"), bytes[35] == UInt8(ascii: "-"), bytes[52] == UInt8(ascii: "-") else {
            return nil
        }
        guard let high = Self.hex(bytes, 3, 16), let low = Self.hex(bytes, 19, 16), high | low != 0,
            let span = Self.hex(bytes, 36, 16), span != 0, let flags = Self.hex(bytes, 53, 2)
        else { return nil }
        self.traceID = (high, low)
        self.spanID = span
        // Undefined flags are not passed on (section 3.2.2.5).
        self.flags = UInt8(truncatingIfNeeded: flags) & (Self.sampled | Self.random)
    }

    /// Only accepts lower-case digits (section 3.2.2).
    private static func hex(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> UInt64? {
        var value: UInt64 = 0
        for index in start..<(start + count) {
            switch bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(bytes[index] - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"):
                value = value << 4 | UInt64(bytes[index] - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.traceID == right.traceID && left.spanID == right.spanID && left.flags == right.flags
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.traceID.low)
        hasher.combine(self.spanID)
    }
}

extension HeadWriter {
    /// The 55 characters of version 00.
    package mutating func write(_ parent: TraceParent) {
        self.write("00-")
        self.write(hexadecimal: parent.traceID.high)
        self.write(hexadecimal: parent.traceID.low)
        self.write(UInt8(ascii: "-"))
        self.write(hexadecimal: parent.spanID)
        self.write(UInt8(ascii: "-"))
        let flags = Self.hexadecimalDigits(UInt32(parent.flags) << 24)
        self.write(UInt8(truncatingIfNeeded: flags))
        self.write(UInt8(truncatingIfNeeded: flags >> 8))
    }
}
