public import GatewayCore
import GatewayHTTP
public import GatewaySettings
import NIOCore

/// Encodes responses for clients that accept it (RFC 9110 section 12.5.3).
///
/// ```toml
/// [middleware.compression]
/// algorithms = ["br", "gzip"]
/// min_size = "500B"
/// ```
///
/// Does not decode: responses that the upstream encoded pass unchanged. Does not protect secrets that are sent next to
/// content an attacker controls (BREACH), except in responses to requests from other sites that carry cookies.
public struct CompressionMiddleware: RequestHook, ResponseHook {
    public struct Config: Codable, Sendable {
        /// Codings offered, in order of preference. The client's weights take precedence over this order.
        public var algorithms: [Algorithm] = [.br, .gzip]
        /// Bodies known to be shorter are sent uncompressed.
        public var minSize = ByteCount.bytes(500)
        /// For `gzip` and `deflate`, from 1 (fastest) to 9 (smallest).
        public var gzipLevel = 6
        /// From 0 (fastest) to 11 (smallest).
        public var brotliQuality = 4
        /// Maximum number of concurrent encoders per event loop. Further responses are sent uncompressed.
        public var maxStreams = 64
        /// Media types to compress. One `*` matches any characters. `text/event-stream` must be listed explicitly;
        /// `application/grpc*` is never compressed.
        public var types = [
            "text/*", "application/json", "application/*+json", "application/javascript", "application/xml",
            "application/*+xml", "image/svg+xml", "application/wasm", "font/ttf", "font/otf",
        ]

        public init() {}
    }

    public enum Algorithm: String, SettingChoice {
        case br, gzip, deflate, zstd
    }

    public static let name = "compression"

    /// Bodies up to this length are encoded at once, and stay plain if that is shorter.
    private static let wholeBody = CompressionTransform.turn

    /// Parsed once, because most routes have the default.
    private static let standardTypes: (names: [String], types: CompressibleTypes) = {
        let names = Config().types
        var types = CompressibleTypes()
        for name in names { _ = types.add(name) }
        return (names, types)
    }()

    private let codings: ContiguousArray<ContentCoding>
    private let minSize: Int
    private let levels: EncoderLevels
    private let maxStreams: Int
    private let types: CompressibleTypeMemory
    static let state = ExchangeKey<CompressionState>("compression.state", initial: CompressionState())
    private let state: ExchangeKey<CompressionState>
    private let pool: EncoderPool
    private let meters: CompressionMeters

    public init(_ config: Config, in context: inout BuildContext) {
        var codings: ContiguousArray<ContentCoding> = []
        for (index, algorithm) in config.algorithms.enumerated() {
            switch algorithm {
            case .br: codings.append(.brotli)
            case .gzip: codings.append(.gzip)
            case .deflate: codings.append(.deflate)
            case .zstd:
                context.fail(
                    "this gateway was not built with zstd",
                    suggestion: "write \"br\", \"gzip\" or \"deflate\"",
                    at: "algorithms",
                    String(index)
                )
            }
        }
        if config.algorithms.isEmpty {
            context.fail(
                "the list is empty",
                suggestion: "write [\"br\", \"gzip\"], or switch off with compression = false",
                at: "algorithms"
            )
        }
        let bounds = [
            ("gzip_level", config.gzipLevel, 1...9), ("brotli_quality", config.brotliQuality, 0...11),
            ("max_streams", config.maxStreams, 1...1_000_000),
        ]
        for (key, value, allowed) in bounds where !allowed.contains(value) {
            context.fail(
                "\(value) is out of range",
                suggestion: "write \(min(max(value, allowed.lowerBound), allowed.upperBound)): the range is "
                    + "\(allowed.lowerBound) to \(allowed.upperBound)",
                at: key
            )
        }
        let isStandard = config.types == Self.standardTypes.names
        var types = isStandard ? Self.standardTypes.types : CompressibleTypes()
        for (index, type) in config.types.enumerated() where !isStandard && !types.add(type) {
            context.fail(
                "\"\(type)\" is not a media type",
                suggestion: "write \"text/html\", or a pattern such as \"text/*\"",
                at: "types",
                String(index)
            )
        }
        self.codings = codings
        self.minSize = max(1, config.minSize.bytes)
        self.levels = EncoderLevels(
            gzip: Int32(clamping: config.gzipLevel),
            brotli: UInt32(clamping: config.brotliQuality)
        )
        self.maxStreams = config.maxStreams
        self.types = CompressibleTypeMemory(types)
        self.state = Self.state
        self.pool = EncoderPools.pool(in: context)
        self.meters = CompressionMeters(route: context.route, shard: context.worker.meters)
    }

    public func request(_ exchange: Exchange) -> Decision {
        // gRPC compresses its messages itself.
        if exchange.isGRPC { return .next }
        let accepted = ConditionalRequest.coding(of: exchange, from: self.codings)
        let named = ConditionalRequest.removeSuffixes(of: accepted, from: exchange)
        guard accepted != nil else { return .next }
        var state = exchange[self.state]
        state.coding = accepted
        // A request that is sent again has lost its suffixes before.
        if !named.isEmpty { state.named = named }
        exchange[self.state] = state
        return .next
    }

    public func response(_ exchange: Exchange) -> Decision {
        if exchange.isGRPC { return .next }
        switch exchange.response.status {
        case 304:
            self.revise(notModified: exchange)
            return .next
        case 206:
            if self.isPartOfEncodable(exchange) { exchange.response.headers.addVary(.acceptEncoding) }
            return .next
        default: break
        }
        guard self.isEncodable(exchange) else { return .next }
        exchange.response.headers.addVary(.acceptEncoding)
        guard let coding = exchange[self.state].coding else { return .next }
        if exchange.request.method == .head {
            EncodedResponse.describe(exchange, in: coding)
            exchange.response.headers.remove(.contentLength)
            return .next
        }
        // A page with a nonce is rewritten while it streams, which is impossible once it is encoded.
        if exchange.responseCarriesNonce { return self.encodeStream(of: exchange, in: coding) }
        if let encoded = exchange[KeptBody.key]?.body(in: coding), exchange.responseBody.pipeline == nil {
            exchange[KeptBody.key] = nil
            // It is empty if the plain body is shorter.
            guard encoded.readableBytes > 0 else { return .next }
            EncodedResponse.describe(exchange, in: coding)
            exchange.replaceBody(with: encoded)
            return .next
        }
        switch exchange.collected {
        case .whole(let body) where body.readableBytes <= Self.wholeBody:
            if body.readableBytes >= self.minSize { self.encode(body, of: exchange, in: coding) }
            return .next
        case .none:
            if EncodedResponse.isKnown(exchange, upTo: Self.wholeBody) { return .collect(upTo: Self.wholeBody) }
        case .whole, .larger: break
        }
        return self.encodeStream(of: exchange, in: coding)
    }

    // MARK: Deciding

    /// Whether the response would be encoded for a client that accepts it.
    private func isEncodable(_ exchange: Exchange) -> Bool {
        switch exchange.response.status {
        case 204, 205, 206: return false
        case 200..<300: break
        default: return false
        }
        guard let length = EncodedResponse.length(of: exchange) else {
            return self.isEncodableType(exchange)
        }
        return length >= self.minSize && self.isEncodableType(exchange)
    }

    /// Whether the full response of this 206 would be encoded for a client that accepts it: a cache must not combine
    /// parts of both representations.
    private func isPartOfEncodable(_ exchange: Exchange) -> Bool {
        guard EncodedResponse.completeLength(of: exchange) ?? .max >= self.minSize else { return false }
        // Each part has a type.
        if let type = exchange.response.headers.first(.contentType),
            exchange.response.headers.withBytes(type, EncodedResponse.isInParts)
        {
            return !exchange.response.headers.contains(.contentEncoding)
                && !exchange.response.headers.contains("no-transform", in: .cacheControl)
        }
        return self.isEncodableType(exchange)
    }

    private func isEncodableType(_ exchange: Exchange) -> Bool {
        guard let type = exchange.response.headers.first(.contentType),
            !exchange.response.headers.contains(.contentEncoding),
            !exchange.response.headers.contains("no-transform", in: .cacheControl)
        else { return false }
        return exchange.response.headers.withBytes(type) { self.types.contains($0) }
    }

    /// A 304 has the `Vary` and the tag that the 200 would have (RFC 9110 section 15.4.5). It rarely has a type, but
    /// the tag that the client sent reveals the coding.
    private func revise(notModified exchange: Exchange) {
        let hasType = exchange.response.headers.contains(.contentType)
        guard !exchange.response.headers.contains(.contentEncoding),
            !exchange.response.headers.contains("no-transform", in: .cacheControl),
            !hasType || self.isEncodableType(exchange), self.mayHaveBeenEncodable(exchange)
        else { return }
        exchange.response.headers.addVary(.acceptEncoding)
        let state = exchange[self.state]
        guard let coding = state.coding, let tag = exchange.response.headers.first(.etag) else { return }
        let isNamed = exchange.response.headers.withBytes(tag) { tag in
            exchange.request.headers.withBytes(state.named) { CodedEntityTag.list($0, names: tag, in: coding) }
        }
        // If the client sent no tag, but a date or `*`, the type decides.
        let isTyped = hasType || exchange[ETagMiddleware.withheldBody] != nil
        guard isNamed || isTyped && !ConditionalRequest.namesTags(exchange) else { return }
        EncodedResponse.addSuffix(of: coding, to: exchange)
        // Describes the upstream's body, which the 200 would not have had (RFC 9110 section 8.6).
        exchange.response.headers.remove(.contentLength)
        exchange.response.headers.remove(.acceptRanges)
    }

    /// Whether the 200 that a 304 of the gateway replaces would have been encoded; true if unknown.
    private func mayHaveBeenEncodable(_ exchange: Exchange) -> Bool {
        guard let body = exchange[ETagMiddleware.withheldBody] else { return true }
        guard body.length ?? .max >= self.minSize, let type = body.type else { return false }
        return exchange.request.headers.withBytes(type) { self.types.contains($0) }
    }

    // MARK: Encoding

    private func encode(_ body: ByteBuffer, of exchange: Exchange, in coding: ContentCoding) {
        let length = body.readableBytes
        guard let encoder = self.pool.take(coding, self.levels, length: length, limit: self.maxStreams) else { return }
        var encoded = ByteBufferAllocator().buffer(capacity: length)
        let isEncoded = body.withUnsafeReadableBytes { encoder.encode($0, .finish, into: &encoded) }
        self.pool.giveBack(encoder)
        guard isEncoded else { return }
        if let kept = self.takeKeptBody(of: exchange) {
            kept.keep(encoded, in: coding)
        }
        guard encoded.readableBytes < length else { return }
        self.meters.count(coding, input: length, output: encoded.readableBytes)
        EncodedResponse.describe(exchange, in: coding)
        exchange.replaceBody(with: encoded)
    }

    private func encodeStream(of exchange: Exchange, in coding: ContentCoding) -> Decision {
        let length = EncodedResponse.length(of: exchange)
        guard let encoder = self.pool.take(coding, self.levels, length: length, limit: self.maxStreams) else {
            return .next
        }
        EncodedResponse.describe(exchange, in: coding)
        let tee = self.takeKeptBody(of: exchange).map { EncodedBodyTee($0, of: exchange) }
        return .transform(CompressionTransform(encoder, from: self.pool, meters: self.meters, tee: tee))
    }

    /// Where to keep the encoded body; nil if the response is not stored, or is changed for this client.
    private func takeKeptBody(of exchange: Exchange) -> KeptBody? {
        guard let kept = exchange[KeptBody.key] else { return nil }
        exchange[KeptBody.key] = nil
        return exchange.responseBody.pipeline == nil ? kept : nil
    }
}

/// What compression remembers about a request.
struct CompressionState: Sendable {
    /// The available coding that the client prefers.
    var coding: ContentCoding?
    /// `If-None-Match` as the client sent it, in the request's block, if suffixes were removed from it.
    var named = ByteRange.empty
}
