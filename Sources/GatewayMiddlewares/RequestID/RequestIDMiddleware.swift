public import GatewayCore
import GatewayHTTP
public import GatewaySettings
import NIOCore

/// Gives each request an ID that is shared by the upstream, the client, errors and the log.
///
/// ```toml
/// [middleware.request_id]
/// header = "X-Request-ID"
/// aliases = ["X-Correlation-ID"]
/// accept = "trusted"
/// ```
public struct RequestIDMiddleware: RequestHook, ResponseHook {
    public struct Config: Codable, Sendable {
        /// Field that carries the ID, on requests and responses.
        public var header = "X-Request-ID"
        /// Further fields that carry the ID, and from which it is read if `header` is missing.
        public var aliases: [String] = []
        /// Whose request IDs are accepted, if they have 1–128 characters of `A-Za-z0-9._~-`.
        public var accept = Acceptance.trusted
        /// Format of new IDs.
        public var format = Format.uuid7

        public init() {}
    }

    public enum Acceptance: String, SettingChoice {
        case never, trusted, always
    }

    public enum Format: String, SettingChoice {
        case uuid4, uuid7
    }

    public static let name = "request_id"
    package static let requestIDsReplaced = MetricDescription(
        "gateway_request_ids_replaced_total",
        .counter,
        help: "Request IDs from clients that were replaced."
    )

    private let names: [HeaderName]
    private let accept: Acceptance
    private let format: Format
    private let replaced: Counter
    private let worker: Worker

    public init(_ config: Config, in context: inout BuildContext) {
        var names: [HeaderName] = []
        for (name, keys) in [(config.header, ["header"])]
            + config.aliases.enumerated().map({ ($1, ["aliases", "\($0)"]) })
        {
            guard let header = HeaderName(validating: name) else {
                context.fail(
                    "\"\(name)\" is not a header name",
                    suggestion: ConfigurationValidator.headerSuggestion(name),
                    at: keys
                )
                continue
            }
            guard header.id == .unknown || header.id == .xRequestID else {
                context.fail(
                    "\(name) already has another meaning",
                    suggestion: "write \"X-Request-ID\", or another field that nothing else uses",
                    at: keys
                )
                continue
            }
            if !names.contains(header) { names.append(header) }
        }
        self.names = names
        context.owned.own(request: names)
        context.owned.own(response: names)
        self.accept = config.accept
        self.format = config.format
        self.worker = context.worker
        self.replaced = context.worker.meters.counter(Self.requestIDsReplaced)
    }

    public func request(_ exchange: Exchange) -> Decision {
        self.identify(exchange)
        return .next
    }

    public func response(_ exchange: Exchange) -> Decision {
        for name in self.names {
            exchange.response.headers.remove(name)
            exchange.response.headers.add(name) { value in
                exchange.request.headers.withBytes(exchange.requestIDRange) { value.write($0) }
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
        for name in self.names {
            exchange.request.headers.remove(name)
            if exchange.requestIDRange.isEmpty {
                exchange.requestIDRange = self.addNew(name, to: &exchange.request.headers)
            } else {
                exchange.request.headers.add(name, sharing: exchange.requestIDRange)
            }
        }
    }

    private func addNew(_ name: HeaderName, to headers: inout HeaderBlock) -> ByteRange {
        var uuid = (self.worker.random.next(), self.worker.random.next())
        if self.format == .uuid7 {
            uuid.0 = UInt64(truncatingIfNeeded: self.worker.unixMilliseconds) << 16 | uuid.0 & 0xFFFF
        }
        let version: UInt64 = self.format == .uuid7 ? 7 : 4
        return headers.add(name) { $0.write(uuid: uuid, version: version) }
    }

    private func given(_ exchange: Exchange) -> ByteRange? {
        for name in self.names {
            if let given = exchange.request.headers.first(name) { return given }
        }
        return nil
    }

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

extension HeadWriter {
    /// The 36 characters of RFC 9562, with version and variant set.
    fileprivate mutating func write(uuid bits: (UInt64, UInt64), version: UInt64) {
        let high = bits.0 & ~0xF000 | version << 12
        let low = bits.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let first = Self.hexadecimalDigits(UInt32(truncatingIfNeeded: high >> 32))
        let second = Self.hexadecimalDigits(UInt32(truncatingIfNeeded: high))
        let third = Self.hexadecimalDigits(UInt32(truncatingIfNeeded: low >> 32))
        let fourth = Self.hexadecimalDigits(UInt32(truncatingIfNeeded: low))
        let dash = UInt64(UInt8(ascii: "-"))
        // xxxxxxxx -xxxx-xx xx-xxxx- xxxxxxxx xxxx: each word has its first character in the lowest byte.
        var text = (first, UInt64(0), UInt64(0), third >> 32 | fourth << 32, fourth >> 32)
        text.1 = dash | second << 8 & 0xFF_FFFF_FF00 | dash << 40 | second << 16 & 0xFFFF_0000_0000_0000
        text.2 = second >> 48 | dash << 16 | third << 24 & 0x00FF_FFFF_FF00_0000 | dash << 56
        withUnsafeBytes(of: text) { self.write(UnsafeRawBufferPointer(rebasing: $0[..<36])) }
    }
}
