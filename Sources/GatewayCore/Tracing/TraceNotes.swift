import GatewayHTTP
package import NIOCore

/// The value of an attribute of a span.
public enum TraceValue: Hashable, Sendable {
    case string(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
}

extension TraceValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
}

/// A request to another service that a middleware waited for.
package struct TracedCall: Sendable {
    /// Which part of the gateway asked; the name of the span.
    package enum Kind: String, Sendable {
        case cache
        case rateLimit = "rate_limit"
        case auth
    }

    package var kind: Kind
    package var beganAt: NIODeadline
    package var endedAt: NIODeadline
    /// Why there was no answer; nil if there was one.
    package var failure: String?
    /// The span that the service was told; 0 if it was told none.
    package var span: UInt64
}

/// What is told about a request in its trace beyond the usual.
package final class TraceNotes {
    /// The maximum numbers, because each is kept in memory until it is sent.
    private static let maxAttributes = 32
    private static let maxCalls = 16

    package private(set) var attributes: [(name: String, value: TraceValue)] = []
    package private(set) var calls: [TracedCall] = []

    fileprivate func set(_ name: String, to value: TraceValue) {
        if let index = self.attributes.firstIndex(where: { $0.name == name }) {
            self.attributes[index].value = value
        } else if self.attributes.count < Self.maxAttributes {
            self.attributes.append((name, value))
        }
    }

    fileprivate func add(_ call: TracedCall) {
        if self.calls.count < Self.maxCalls { self.calls.append(call) }
    }
}

@available(*, unavailable)
extension TraceNotes: Sendable {}

extension Exchange {
    /// The ID of the request's trace, 32 hexadecimal digits. Nil if tracing is off for the route, and above the middleware
    /// `tracing`.
    public var traceID: String? {
        self.trace.isOn ? self.request.headers.string(self.trace.digits) : nil
    }

    /// The ID of the gateway's span for the request, 16 hexadecimal digits. Nil if there is no ``traceID``.
    public var spanID: String? {
        guard self.trace.isOn else { return nil }
        let digits = String(self.trace.own.spanID, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Sets an attribute of the gateway's span for the request, which is sent if the span is kept. At most 32, with up to
    /// 1,024 bytes each. Secrets do not belong there.
    public func setTraceAttribute(_ name: String, to value: TraceValue) {
        guard self.trace.isOn else { return }
        self.makeTraceNotes().set(name, to: value)
    }

    /// Records a request to another service that has just ended.
    ///
    /// - Parameters:
    ///   - failure: Why there was no answer; nil if there was one.
    ///   - span: The span that the service was told; 0 if it was told none.
    package func recordCall(
        _ kind: TracedCall.Kind,
        since beganAt: NIODeadline,
        failure: String? = nil,
        span: UInt64 = 0
    ) {
        guard self.trace.isOn else { return }
        self.makeTraceNotes()
            .add(TracedCall(kind: kind, beganAt: beganAt, endedAt: self.now, failure: failure, span: span))
    }

    /// Returns an ID for the span of a request to another service.
    package func makeCallSpan() -> UInt64 { max(1, self.worker.random.next()) }

    private func makeTraceNotes() -> TraceNotes {
        if let notes = self.traceNotes { return notes }
        let notes = TraceNotes()
        self.traceNotes = notes
        return notes
    }
}
