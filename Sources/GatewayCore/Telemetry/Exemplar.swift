import NIOCore

/// One request that a histogram bucket counted, so that its trace can be looked up.
struct Exemplar: Sendable, Hashable {
    let trace: TraceDigits
    let nanoseconds: UInt64
    /// When the request was counted.
    package let time: NIODeadline
}

/// The 32 hexadecimal digits of a trace ID, stored inline.
package struct TraceDigits: Sendable, Hashable {
    private let parts: (UInt64, UInt64, UInt64, UInt64)

    /// nil unless there are exactly 32 bytes: the exchange has no trace.
    package init?(_ digits: UnsafeRawBufferPointer) {
        guard digits.count == 32 else { return nil }
        self.parts = (
            digits.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
            digits.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
            digits.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
            digits.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
        )
    }

    package var text: String { withUnsafeBytes(of: self.parts) { String(decoding: $0, as: UTF8.self) } }

    package static func == (left: Self, right: Self) -> Bool { left.parts == right.parts }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.parts.0)
        hasher.combine(self.parts.3)
    }
}
