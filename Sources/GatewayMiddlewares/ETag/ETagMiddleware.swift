public import GatewayCore
import GatewayHTTP
public import GatewaySettings
import NIOCore

/// Adds entity tags to small responses, and answers conditional GET and HEAD requests with 304 or 412.
///
/// ```toml
/// [middleware.etag]
/// strength = "weak"
/// max_body = "64KiB"
/// ```
///
/// Tags and dates of the upstream stay, and are evaluated in the same way. Conditions of other methods are left to the
/// upstream. Responses with `Set-Cookie` or `no-store`, partial responses and event streams get no tag, nor do
/// responses to HEAD, whose body is unknown.
public struct ETagMiddleware: RequestHook, ResponseHook {
    public struct Config: Codable, Sendable {
        /// Strength of generated tags. Equal strong tags promise equal bytes.
        public var strength = Strength.weak
        /// Larger responses, and responses of unknown length, pass unchanged.
        public var maxBody = ByteCount.kibibytes(64)

        public init() {}
    }

    public enum Strength: String, SettingChoice {
        case weak, strong
    }

    public static let name = "etag"
    package static let notModifiedTotal = MetricDescription(
        "gateway_etag_not_modified_total",
        .counter,
        help: "Responses the gateway turned into 304.",
        labels: ["route"]
    )
    /// The body that a 304 of the gateway replaces.
    static let withheldBody = ExchangeKey<WithheldBody?>("etag.withheld_body", initial: nil)

    private let isWeak: Bool
    private let maxBody: Int
    private let notModified: Counter
    private let heldIfMatch: ExchangeKey<ByteRange>

    public init(_ config: Config, in context: inout BuildContext) {
        self.isWeak = config.strength == .weak
        self.maxBody = config.maxBody.bytes
        self.notModified = context.counter(Self.notModifiedTotal, context.route)
        self.heldIfMatch = context.key(.empty)
    }

    public func request(_ exchange: Exchange) -> Decision {
        let present = exchange.request.headers.present
        // If-None-Match alone is harmless: an upstream without tags matches none.
        guard present.contains(.ifMatch) || present.contains(.range), present.intersects(Self.byTag) else {
            return .next
        }
        let method = exchange.request.method
        guard method == .get || method == .head else { return .next }
        // An upstream without tags would not match the gateway's tags, so they are not sent to it.
        let held = Self.ownIfMatch(of: exchange)
        if let held {
            exchange[self.heldIfMatch] = held
            exchange.request.headers.remove(.ifMatch)
        }
        if present.contains(.range), held != nil || Self.namesOwnTag(exchange.request.headers) {
            // A tag of the whole representation says nothing about a part, and responding with the whole is always
            // correct (RFC 9110 section 14.2).
            exchange.request.headers.remove(.ifRange)
            exchange.request.headers.remove(.range)
        }
        return .next
    }

    public func response(_ exchange: Exchange) -> Decision {
        let method = exchange.request.method
        // Conditions apply if the response would be a success without them (RFC 9110 section 13.2.1).
        // A page with a nonce differs each time, and has no validators.
        guard method == .get || method == .head, 200..<300 ~= exchange.response.status,
            !exchange.responseCarriesNonce, !exchange.isGRPC
        else { return .next }
        switch exchange.collected {
        case .none: if self.isTagged(exchange) { return self.collect(exchange) }
        case .whole(let body): if self.isTagged(exchange) { self.tag(body, of: exchange) }
        case .larger: break
        }
        switch self.outcome(exchange) {
        case .proceed, .ignoreRange: return .next
        case .failed: return .fail(GatewayError(.preconditionFailed))
        case .notModified: return self.answerNotModified(exchange)
        }
    }

    private func outcome(_ exchange: Exchange) -> Preconditions.Outcome {
        Preconditions.evaluate(
            exchange.request.headers,
            exchange.request.method,
            ifMatch: exchange[self.heldIfMatch],
            against: exchange.response.headers,
            now: exchange.unixMilliseconds / 1000
        )
    }

    /// Collects the body to compute the tag. If the date decides already, the tag is not worth a long wait.
    private func collect(_ exchange: Exchange) -> Decision {
        switch self.outcome(exchange) {
        case .failed where exchange[self.heldIfMatch].isEmpty: return .fail(GatewayError(.preconditionFailed))
        case .notModified: exchange.collectResponse(until: exchange.now + Self.patience)
        case .failed, .proceed, .ignoreRange: break
        }
        return .collect(upTo: self.maxBody)
    }

    // MARK: Tags

    /// Whether the gateway generates the tag of this response.
    private func isTagged(_ exchange: Exchange) -> Bool {
        guard exchange.request.method == .get, exchange.response.status == 200 else { return false }
        guard case .length(let length) = exchange.response.framing, length <= self.maxBody else { return false }
        guard !exchange.response.headers.contains(.etag), !exchange.response.headers.contains(.setCookie),
            !exchange.response.headers.contains("no-store", in: .cacheControl)
        else { return false }
        return !exchange.response.isPrompt
    }

    private func tag(_ body: ByteBuffer, of exchange: Exchange) {
        let digest = body.withUnsafeReadableBytes { BodyDigest($0) }
        exchange.response.headers.add(Self.etag) { value in
            value.write(self.isWeak ? "W/\"gw-" : "\"gw-")
            value.write(hexadecimal: digest.high)
            value.write(hexadecimal: digest.low)
            value.write(UInt8(ascii: "\""))
        }
    }

    private static func namesOwnTag(_ headers: borrowing HeaderBlock) -> Bool {
        for field in headers.fields where field.id == .ifNoneMatch || field.id == .ifRange {
            if headers.hasOwnTag(field.value) { return true }
        }
        return false
    }

    /// All lines of `If-Match` as one value, if one of its tags was generated here.
    private static func ownIfMatch(of exchange: Exchange) -> ByteRange? {
        var isOwn = false
        for field in exchange.request.headers.fields where field.id == .ifMatch {
            if exchange.request.headers.hasOwnTag(field.value) { isOwn = true }
        }
        return isOwn ? exchange.request.headers.joined(.ifMatch) : nil
    }

    // MARK: 304

    private func answerNotModified(_ exchange: Exchange) -> Decision {
        let type =
            exchange.response.headers.contains(.contentEncoding)
            ? nil : exchange.response.headers.first(.contentType)
        exchange[Self.withheldBody] = WithheldBody(
            type: type.map { type in
                exchange.response.headers.withBytes(type) { type in exchange.request.headers.store { $0.write(type) } }
            },
            length: EncodedResponse.length(of: exchange)
        )
        if case .length(let length) = exchange.response.framing {
            guard case .whole = exchange.collected else {
                if case .none = exchange.collected, length <= self.maxBody {
                    // A short body that arrived with its head is read to the end, so that the upstream connection can
                    // be reused. Otherwise the connection is closed instead of waiting.
                    exchange.collectResponse(until: exchange.now)
                    return .collect(upTo: self.maxBody)
                }
                self.notModified.add()
                return .respond(exchange.response.asNotModified())
            }
        } else if !exchange.response.framing.isEmpty {
            self.notModified.add()
            return .respond(exchange.response.asNotModified())
        }
        self.notModified.add()
        exchange.response.becomeNotModified()
        if case .whole = exchange.collected { exchange.replaceBody(with: ByteBuffer()) }
        return .next
    }

    /// What compression has to know of the body that a 304 replaces.
    struct WithheldBody {
        /// The media type, in `request.headers`; nil if the body is encoded or has no type.
        let type: ByteRange?
        /// nil if the upstream does not say.
        let length: Int?
    }

    private static let patience = TimeAmount.seconds(1)
    private static let etag = HeaderName(.etag)
    private static let byTag: FieldSet = [.ifMatch, .ifNoneMatch, .ifRange]
}

extension HeaderBlock {
    /// Whether the list has a tag that a gateway generated.
    fileprivate func hasOwnTag(_ value: ByteRange) -> Bool {
        self.withBytes(value) { bytes in
            var members = EntityTagList(bytes)
            while let member = members.next() {
                if case .tag(let tag) = member, tag.isOwn { return true }
            }
            return false
        }
    }
}

extension EntityTag {
    /// Whether it has the format of the gateway's tags.
    fileprivate var isOwn: Bool {
        self.opaque.count == 35 && self.opaque[0] == UInt8(ascii: "g") && self.opaque[1] == UInt8(ascii: "w")
            && self.opaque[2] == UInt8(ascii: "-")
    }
}
