public import GatewayCore
import GatewayHTTP
public import GatewaySettings
import Logging
import NIOCore

/// Sets the format of errors, and applies it to errors of the upstream.
///
/// ```toml
/// [middleware.errors]
/// format = "problem+json"
/// normalize = "5xx"
/// pass = ["application/problem+json", "application/json", "application/*+json"]
/// ```
///
/// Upstream errors keep their status and the fields that tell clients what to do. Replaced bodies are written to the
/// debug log. Other responses are not changed.
public struct ErrorsMiddleware: ResponseHook, FailureHook {
    public struct Config: Codable, Sendable {
        /// Format of error bodies. `"negotiate"` follows `Accept`.
        public var format = Format.problem
        /// Which upstream errors are replaced by the gateway's format.
        public var normalize = Normalization.serverErrors
        /// Upstream error bodies of these types pass unchanged: an API's own errors reach its clients. Patterns such as
        /// `text/*` and `application/*+json` are allowed.
        public var pass = ["application/problem+json", "application/json", "application/*+json"]
        /// Prefix of the `type` of problem details; the code is appended.
        public var typeBase = "urn:gateway:error:"
        /// Adds `Proxy-Status` (RFC 9209) to errors raised by the gateway.
        public var proxyStatus = true

        public init() {}
    }

    public enum Format: String, SettingChoice {
        case problem = "problem+json"
        case html, text, negotiate
    }

    public enum Normalization: String, SettingChoice {
        case none
        case serverErrors = "5xx"
        case allErrors = "4xx,5xx"
    }

    public static let name = "errors"

    /// Larger problem documents pass unchanged; larger bodies are logged without their text.
    private static let maxBody = 16 * 1024
    /// The client does not wait longer for the end of a body that it will not see.
    private static let patience = TimeAmount.seconds(1)
    /// How much of a body is logged.
    private static let maxLogged = 4096

    private let normalize: Normalization
    private let pass: [[UInt8]]
    /// The body of an error that will be replaced is being read.
    private let isReplacing: ExchangeKey<Bool>

    public init(_ config: Config, in context: inout BuildContext) {
        self.normalize = config.normalize
        self.isReplacing = context.key(false)
        self.pass = config.pass.enumerated().compactMap { index, type in
            let name = Array(type.lowercased().utf8)
            let parts = name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            let subtype = parts.last?.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false) ?? []
            let isPattern = subtype.count == 1 || subtype.count == 2 && subtype[0].isEmpty
            guard parts.count == 2, isPattern, parts.allSatisfy({ ByteClass.isToken($0) }) else {
                context.fail(
                    "\"\(type)\" is not a media type",
                    suggestion: "write \"application/json\", \"application/*+json\" or \"text/*\"",
                    at: "pass",
                    String(index)
                )
                return nil
            }
            return name
        }
        if !config.typeBase.utf8.allSatisfy(Self.isURIByte) {
            context.fail(
                "\"\(config.typeBase)\" is not the beginning of a URI",
                suggestion: "write \"https://errors.example/\"",
                at: "type_base"
            )
        }
        let form: ErrorFormat.Form =
            switch config.format {
            case .problem: .problem
            case .html: .html
            case .text: .text
            case .negotiate: .negotiated
            }
        context.errors = ErrorFormat(form: form, typeBase: config.typeBase, sendsProxyStatus: config.proxyStatus)
    }

    public func response(_ exchange: Exchange) -> Decision {
        guard exchange.response.status >= 400, exchange.origin == .upstream, self.normalize != .none else {
            return .next
        }
        let type = self.type(of: exchange)
        guard self.isReplaced(exchange.response.status), !type.passes else {
            return type.isProblem ? self.identify(exchange) : .next
        }
        if case .none = exchange.collected, !type.isEventStream, !exchange.isGRPC,
            Self.isRead(exchange.response.framing)
        {
            exchange[self.isReplacing] = true
            exchange.collectResponse(until: exchange.now + Self.patience)
            return .collect(upTo: Self.maxBody)
        }
        exchange[self.isReplacing] = false
        return .fail(self.replacement(of: exchange))
    }

    /// The end of a body that is replaced is not needed.
    public func failure(_ error: GatewayError, _ exchange: Exchange) -> Decision {
        guard exchange[self.isReplacing] else { return .next }
        exchange[self.isReplacing] = false
        return .fail(self.replacement(of: exchange))
    }

    private func isReplaced(_ status: Int) -> Bool { status >= 500 || self.normalize == .allErrors }

    // MARK: Replacing

    private func replacement(of exchange: Exchange) -> GatewayError {
        var error = GatewayError(.upstreamError)
        error.status = exchange.response.status
        if exchange.log.logLevel <= .debug { error.reason = self.description(of: exchange) }
        error.fields = PreparedFields { kept in
            for field in exchange.response.headers.fields where Self.isKept(field, in: exchange.response.headers) {
                kept.add(field, from: exchange.response.headers)
            }
        }
        return error
    }

    /// Whether abandoning the body would cost an upstream connection.
    private static func isRead(_ framing: BodyFraming) -> Bool {
        switch framing {
        case .length(let length): length <= self.maxBody
        case .chunked: true
        case .none, .untilClose: false
        }
    }

    private static func isKept(_ field: HeaderBlock.Field, in block: borrowing HeaderBlock) -> Bool {
        switch field.id {
        case .retryAfter, .wwwAuthenticate, .allow, .setCookie, .vary, .rateLimit, .rateLimitPolicy, .xRateLimitLimit,
            .xRateLimitRemaining, .xRateLimitReset, .upgrade:
            true
        case .unknown: Self.isOfCORS(field, in: block)
        default: false
        }
    }

    /// Without these fields, a page of another origin would see a network error instead of the response.
    private static func isOfCORS(_ field: HeaderBlock.Field, in block: borrowing HeaderBlock) -> Bool {
        block.withBytes(field.name) { name in
            name.count > Self.corsPrefix.count && zip(name, Self.corsPrefix).allSatisfy { $0 | 0x20 == $1 }
        }
    }

    private static let corsPrefix = Array("access-control-".utf8)

    /// Logs the request and the upstream's body.
    private func description(of exchange: Exchange) -> String {
        let id = exchange.request.headers.string(exchange.requestIDRange)
        let text =
            switch exchange.collected {
            case .none where exchange.response.framing.isEmpty: "no body"
            case .none, .larger: "a body that was not read"
            case .whole(let body):
                String(decoding: body.readableBytesView.prefix(Self.maxLogged), as: UTF8.self)
            }
        return "request \(id), upstream status \(exchange.response.status): \(text)"
    }

    // MARK: Passing

    /// Adds the request ID to a problem document that is small and well formed.
    private func identify(_ exchange: Exchange) -> Decision {
        guard !exchange.requestIDRange.isEmpty, !exchange.response.headers.contains(.contentEncoding),
            !exchange.response.headers.contains("no-transform", in: .cacheControl),
            !Self.isDigested(exchange.response.headers)
        else { return .next }
        switch exchange.collected {
        case .none:
            guard exchange.request.method != .head else {
                // It describes the document without the ID (RFC 9110 section 8.6).
                exchange.response.headers.remove(.contentLength)
                return .next
            }
            if case .length(let length) = exchange.response.framing, length > Self.maxBody { return .next }
            return exchange.response.framing.isEmpty ? .next : .collect(upTo: Self.maxBody)
        case .larger: return .next
        case .whole(let body):
            let place = body.withUnsafeReadableBytes { ProblemDocument.place(for: "request_id", in: $0) }
            guard let place else { return .next }
            exchange.replaceBody(with: Self.adding(exchange, to: body, at: place))
            // A validator of the original bytes.
            exchange.response.headers.remove(.etag)
            return .next
        }
    }

    private static func adding(_ exchange: Exchange, to body: ByteBuffer, at place: ProblemDocument.Place) -> ByteBuffer
    {
        var rest = body
        var document = ByteBuffer()
        document.reserveCapacity(body.readableBytes + 160)
        if var start = rest.readSlice(length: place.offset) { document.writeBuffer(&start) }
        document.writeStaticString(place.needsComma ? ",\"request_id\":\"" : "\"request_id\":\"")
        exchange.request.headers.withBytes(exchange.requestIDRange) { document.writeJSONEscaped($0) }
        document.writeStaticString("\"")
        document.writeBuffer(&rest)
        return document
    }

    private static func isDigested(_ headers: borrowing HeaderBlock) -> Bool {
        for field in headers.fields where IntegrityFields.contain(field, in: headers) { return true }
        return false
    }

    private func type(of exchange: Exchange) -> ContentType {
        guard let range = exchange.response.headers.first(.contentType) else { return ContentType() }
        return exchange.response.headers.withBytes(range) { value in
            guard let type = MediaRange(value) else { return ContentType() }
            return ContentType(
                passes: self.pass.contains { type.isTaken(by: $0) },
                isProblem: type.specificity(for: "application", "problem+json") == 2,
                isEventStream: type.specificity(for: "text", "event-stream") == 2
            )
        }
    }

    private struct ContentType {
        var passes = false
        var isProblem = false
        var isEventStream = false
    }

    /// The characters that RFC 3986 allows in a URI.
    private static func isURIByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "^"),
            UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
            false
        default: byte > 0x20 && byte < 0x7F
        }
    }
}

extension MediaRange {
    /// - Parameter range: in lower case: `text/html`, `text/*` or `*/*`.
    fileprivate func isTaken(by range: [UInt8]) -> Bool {
        range.withUnsafeBytes { range in
            guard let range = MediaRange(range) else { return false }
            return range.takes(self)
        }
    }
}
