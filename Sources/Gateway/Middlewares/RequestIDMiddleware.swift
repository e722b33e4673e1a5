import GatewayHTTP1
import NIOCore

/// Gives each request an ID that the upstream, the client, every error and the log share.
///
/// ```toml
/// [middleware.request_id]
/// header = "X-Request-ID"
/// accept = "trusted"
/// ```
///
/// It does not trace: an ID names one exchange, not a call through many services.
struct RequestIDMiddleware: RequestHook, ResponseHook {
    struct Config: Codable, Sendable {
        /// Sent to the upstream and to the client.
        var header = "X-Request-ID"
        /// Further fields that carry it.
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
        self.names = ([config.header] + config.aliases).compactMap { name in
            let header = HeaderName(validating: name)
            if header == nil {
                context.fail(
                    "\"\(name)\" is no field name",
                    suggestion: "write letters, digits and hyphens",
                    at: "header"
                )
            }
            return header
        }
        self.accept = config.accept
        self.format = config.format
        self.worker = context.worker
        self.replaced = context.worker.meters.counter(Metrics.requestIDsReplaced)
    }

    func request(_ exchange: Exchange) -> Decision {
        guard let header = self.names.first else { return .next }
        if let given = exchange.request.headers.first(header) {
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
