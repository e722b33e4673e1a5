import GatewayHTTP1
import NIOCore

/// Gives each request an ID that the upstream, the client, every error and the log share, and a place in a trace that goes
/// through many services (W3C Trace Context).
///
/// ```toml
/// [middleware.request_id]
/// header = "X-Request-ID"
/// aliases = ["X-Correlation-ID"]
/// accept = "trusted"
/// ```
///
/// A trace and its `tracestate` and `baggage` are carried on for trusted peers alone, whatever `accept` says. It records
/// no spans.
struct RequestIDMiddleware: RequestHook, ResponseHook {
    struct Config: Codable, Sendable {
        /// Sent to the upstream and to the client.
        var header = "X-Request-ID"
        /// Further fields that carry it. Where the first is missing, a request's ID is taken from them.
        var aliases: [String] = []
        /// Whose IDs are taken over: of 1–128 characters of `A-Za-z0-9._~-`.
        var accept = Acceptance.trusted
        /// How a new ID is made.
        var format = Format.uuid7
    }

    enum Acceptance: String, SettingChoice {
        case never, trusted, always
    }

    enum Format: String, SettingChoice {
        case uuid4, uuid7
    }

    static let name = "request_id"

    private let names: [HeaderName]
    private let accept: Acceptance
    private let format: Format
    private let replaced: Counter
    private let worker: Worker

    init(_ config: Config, in context: inout BuildContext) {
        var names: [HeaderName] = []
        for (name, key) in [(config.header, "header")] + config.aliases.map({ ($0, "aliases") }) {
            guard let header = HeaderName(validating: name) else {
                context.fail("\"\(name)\" is no field name", suggestion: "write letters, digits and hyphens", at: key)
                continue
            }
            guard header.id == .unknown || header.id == .xRequestID else {
                context.fail(
                    "\(name) has a meaning of its own",
                    suggestion: "write a field that nothing else uses, such as \"X-Request-ID\"",
                    at: key
                )
                continue
            }
            if !names.contains(header) { names.append(header) }
        }
        self.names = names
        self.accept = config.accept
        self.format = config.format
        self.worker = context.worker
        self.replaced = context.worker.meters.counter(Metrics.requestIDsReplaced)
    }

    func request(_ exchange: Exchange) -> Decision {
        self.identify(exchange)
        self.trace(exchange)
        return .next
    }

    func response(_ exchange: Exchange) -> Decision {
        for name in self.names {
            exchange.response.headers.remove(name)
            exchange.response.headers.add(name) { value in
                exchange.request.headers.withBytes(exchange.requestIDRange) { _ = value.writeBytes($0) }
            }
        }
        return .next
    }

    private func identify(_ exchange: Exchange) {
        if let given = self.given(exchange) {
            if self.accepts(given, of: exchange) {
                exchange.requestIDRange = given
            } else {
                self.replaced.add()
            }
        }
        if exchange.requestIDRange.isEmpty {
            var uuid = (self.worker.random.next(), self.worker.random.next())
            if self.format == .uuid7 {
                uuid.0 = UInt64(truncatingIfNeeded: self.worker.unixMilliseconds) << 16 | uuid.0 & 0xFFFF
            }
            let version: UInt64 = self.format == .uuid7 ? 7 : 4
            exchange.requestIDRange = exchange.request.headers.store { $0.writeUUID(uuid, version: version) }
        }
        for name in self.names {
            exchange.request.headers.remove(name)
            exchange.request.headers.add(name, sharing: exchange.requestIDRange)
        }
    }

    private func given(_ exchange: Exchange) -> ByteRange? {
        for name in self.names {
            if let given = exchange.request.headers.first(name) { return given }
        }
        return nil
    }

    private func trace(_ exchange: Exchange) {
        let parent = exchange.isFromTrustedPeer ? Self.parent(of: exchange) : nil
        // The state of another trace says nothing about a new one (W3C Trace Context section 4.3).
        if parent == nil || !TraceState.isValid(exchange.request.headers) {
            exchange.request.headers.remove(.tracestate)
        }
        if !exchange.isFromTrustedPeer { exchange.request.headers.remove(Self.baggage) }
        let own =
            parent.map { TraceParent(following: $0, using: &self.worker.random) }
            ?? TraceParent(using: &self.worker.random)
        exchange.request.headers.remove(.traceparent)
        let value = exchange.request.headers.store { $0.writeTraceParent(own) }
        exchange.request.headers.add(Self.traceparent, sharing: value)
        exchange.traceID = ByteRange(offset: value.offset + 3, count: 32)
    }

    /// Of the one `traceparent` that there is.
    private static func parent(of exchange: Exchange) -> TraceParent? {
        guard let range = exchange.request.headers.first(.traceparent),
            exchange.request.headers.count(of: .traceparent) == 1
        else { return nil }
        return exchange.request.headers.withBytes(range) { TraceParent($0) }
    }

    private static let traceparent = HeaderName(.traceparent)
    private static let baggage = HeaderName("baggage")

    private func accepts(_ id: ByteRange, of exchange: Exchange) -> Bool {
        switch self.accept {
        case .never: return false
        case .trusted: guard exchange.isFromTrustedPeer else { return false }
        case .always: break
        }
        guard (1...128).contains(id.count) else { return false }
        return exchange.request.headers.withBytes(id) { $0.allSatisfy(Self.isAllowed) }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension ByteBuffer {
    /// 36 characters of RFC 9562, with the version and the variant put in.
    fileprivate mutating func writeUUID(_ bits: (UInt64, UInt64), version: UInt64) {
        let high = bits.0 & ~0xF000 | version << 12
        let low = bits.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        self.writeWithUnsafeMutableBytes(minimumWritableBytes: 36) { target in
            var position = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    target[position] = UInt8(ascii: "-")
                    position += 1
                }
                let word = nibble < 16 ? high : low
                let value = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (nibble & 15))) & 0xF
                target[position] = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
                position += 1
            }
            return 36
        }
    }
}
