package import GatewayHTTP

/// The place of an exchange in a trace. The `tracing` middleware sets it, and keeps `traceparent` in the header block of
/// the request, so that an exchange whose spans are not kept costs little more than that field.
package struct TraceContext {
    /// The trace, the span of the exchange and what was decided at its start; see ``isOn``.
    package private(set) var own = TraceParent.none
    /// The span that the exchange continues; 0 if the trace begins here.
    package private(set) var parent: UInt64 = 0
    /// The `traceparent` of a client that is not trusted, as a range in `request.headers`.
    package private(set) var link = ByteRange.empty
    /// The `traceparent` for the upstream, as a range in `request.headers`.
    private(set) var field = ByteRange.empty
    /// The span of the next try, if it is already in the field.
    private(set) var announced: UInt64 = 0
    /// Whether the spans of the exchange are kept; known once its first completion hook has run.
    package var isKept = false

    package init() {}

    /// - Parameters:
    ///   - field: The value of the `traceparent` that names the span `firstTry`.
    package init(_ own: TraceParent, parent: UInt64, link: ByteRange, field: ByteRange, firstTry: UInt64) {
        self.own = own
        self.parent = parent
        self.link = link
        self.field = field
        self.announced = firstTry
    }

    /// Whether the exchange belongs to a trace.
    package var isOn: Bool { !self.field.isEmpty }
    /// Whether the spans of the exchange are kept in any case.
    package var isSampled: Bool { self.own.flags & TraceParent.sampled != 0 }
    /// The 32 digits of the trace ID, as a range in `request.headers`; empty outside of a trace.
    package var digits: ByteRange {
        self.isOn ? ByteRange(offset: self.field.offset + 3, count: 32) : .empty
    }
    /// The 16 digits of the span in the field.
    private var spanDigits: ByteRange { ByteRange(offset: self.field.offset + 36, count: 16) }

    /// Returns the span of a try that is about to be sent, and writes it into the field.
    mutating func beginTry(in headers: inout HeaderBlock, using generator: inout some RandomNumberGenerator) -> UInt64 {
        if self.announced != 0 {
            defer { self.announced = 0 }
            return self.announced
        }
        let span = max(1, generator.next())
        headers.overwrite(self.spanDigits) { $0.write(hexadecimal: span) }
        return span
    }
}

extension Exchange {
    /// Names the span of the next try in `traceparent`.
    func beginTrySpan() {
        guard self.trace.isOn else { return }
        self.upstreamCall.lastTry.spanID = self.trace.beginTry(in: &self.request.headers, using: &self.worker.random)
    }
}
