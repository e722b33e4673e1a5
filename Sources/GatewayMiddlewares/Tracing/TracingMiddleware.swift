public import GatewayCore
import GatewayHTTP
public import GatewaySettings
import NIOCore

/// Continues or starts the trace of each request (W3C Trace Context), and keeps the spans of some.
///
/// ```toml
/// [middleware.tracing]
/// sample = 1.0
/// always = ["error"]
/// ```
///
/// The collector and the defaults of both settings are in `[tracing]`. Only traces of trusted peers are continued. An
/// upstream learns at the start of the request whether the trace is kept, so `always` is not known to it.
public struct TracingMiddleware: RequestHook, CompletionHook {
    public struct Config: Codable, Sendable {
        /// Share of the traces that begin here and are kept, 0 to 1. Absent: that of `[tracing]`.
        public var sample: Double?
        /// What is kept all the same: `error`, `slow`. Absent: that of `[tracing]`.
        public var always: [TraceReason]?

        public init() {}
    }

    public static let name = "tracing"
    private static let traceparent = HeaderName(.traceparent)

    private let worker: Worker
    /// Whether there is a collector.
    private let isOn: Bool
    private let sample: Share
    private let keepsErrors: Bool
    private let keepsSlow: Bool

    public init(_ config: Config, in context: inout BuildContext) {
        if let sample = config.sample, !(0...1).contains(sample) {
            context.fail(
                "\(sample) is not between 0 and 1",
                suggestion: "write \(sample > 1 ? "1.0" : "0.0"), or another number from 0 to 1",
                at: "sample"
            )
        }
        let tracing = context.tracing
        let always = config.always ?? tracing.always
        self.worker = context.worker
        self.isOn = tracing.isOn
        self.sample = Share(self.isOn ? config.sample ?? tracing.sample : 0)
        self.keepsErrors = always.contains(.error)
        self.keepsSlow = always.contains(.slow)
    }

    public func request(_ exchange: Exchange) -> Decision {
        let given = Self.given(of: exchange)
        let parent = exchange.isFromTrustedPeer ? given?.parent : nil
        // The state of another trace says nothing about a new one (W3C Trace Context section 4.3).
        if parent == nil || !TraceState.isValid(exchange.request.headers) {
            exchange.request.headers.remove(.tracestate)
        }
        var own: TraceParent
        if let parent {
            own = TraceParent(following: parent, using: &self.worker.random)
        } else {
            own = TraceParent(using: &self.worker.random)
            if self.sample.contains(own.traceID.low) { own = own.sampled() }
        }
        let firstTry = max(1, self.worker.random.next())
        exchange.request.headers.remove(.traceparent)
        let field = exchange.request.headers.add(Self.traceparent) { $0.write(own.span(firstTry)) }
        exchange.trace = TraceContext(
            own,
            parent: parent?.spanID ?? 0,
            link: parent == nil ? given?.range ?? .empty : .empty,
            field: field,
            firstTry: firstTry
        )
        return .next
    }

    public func complete(_ exchange: Exchange, _ outcome: Outcome) {
        guard self.isOn, exchange.trace.isOn else { return }
        let isKept =
            exchange.trace.isSampled || self.keepsErrors && exchange.hasFailed(outcome)
            || self.keepsSlow && exchange.isSlow(self.worker.settings.slowRequest)
        guard isKept else { return }
        exchange.trace.isKept = true
        self.worker.traced.add(TracedRequest(of: exchange, outcome))
    }

    /// The trace parent, if there is exactly one `traceparent`.
    private static func given(of exchange: Exchange) -> (parent: TraceParent, range: ByteRange)? {
        guard let range = exchange.request.headers.first(.traceparent),
            exchange.request.headers.count(of: .traceparent) == 1,
            let parent = exchange.request.headers.withBytes(range, { TraceParent($0) })
        else { return nil }
        return (parent, range)
    }

    /// A share of random numbers.
    private struct Share {
        private let bound: UInt64
        private let isAll: Bool

        init(_ share: Double) {
            self.isAll = share >= 1
            // The largest double below 1 is far enough from it that the product fits.
            self.bound = share > 0 && share < 1 ? UInt64(share * 0x1p64) : 0
        }

        func contains(_ random: UInt64) -> Bool { self.isAll || random < self.bound }
    }
}
