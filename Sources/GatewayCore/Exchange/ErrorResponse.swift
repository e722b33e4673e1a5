import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import NIOCore

/// Creates the response to an error, in the format of the route.
enum ErrorResponse {
    private static let contentType = HeaderName(.contentType)
    private static let cacheControl = HeaderName(.cacheControl)
    private static let proxyStatus = HeaderName(.proxyStatus)
    private static let retryAfter = HeaderName(.retryAfter)
    private static let allow = HeaderName(.allow)

    static func make(_ error: GatewayError, for exchange: Exchange) -> Response {
        if exchange.isGRPC { return self.makeGRPC(error, for: exchange) }
        let format = exchange.plan.errors
        let (body, type) = self.body(error, format, for: exchange)
        var response = Response(status: error.status, body: body)
        response.fields = PreparedFields(error.fields, room: 256) { fields in
            fields.add(Self.contentType, type)
            self.addFields(of: error, format, to: &fields)
            if case .negotiated = format.form { fields.addVary(UnsafeRawBufferPointer("Accept" as StaticString)) }
        }
        return response
    }

    /// Adds the fields that an error has in every form.
    static func addFields(of error: GatewayError, _ format: ErrorFormat, to fields: inout HeaderBlock) {
        fields.add(Self.cacheControl, "no-store")
        if format.sendsProxyStatus, let type = error.proxyStatus ?? error.code.proxyStatus {
            fields.add(Self.proxyStatus) {
                $0.write("gateway; error=")
                $0.write(type)
            }
        }
        if let seconds = error.retryAfter { fields.add(Self.retryAfter) { $0.write(decimal: seconds) } }
        if let allow = error.allow { fields.add(Self.allow, allow.utf8) }
    }

    private static func body(
        _ error: GatewayError,
        _ format: ErrorFormat,
        for exchange: Exchange
    ) -> (ByteBuffer, type: StaticString) {
        let form = format.form == .negotiated ? self.preferred(by: exchange.request.headers) : format.form
        switch form {
        case .html: return (ErrorPage.html(error, for: exchange), "text/html; charset=utf-8")
        case .text: return (ErrorPage.text(error, for: exchange), "text/plain; charset=utf-8")
        case .problem, .negotiated:
            return (self.problem(error, typeBase: format.typeBase, for: exchange), "application/problem+json")
        }
    }

    /// Returns the form that `Accept` prefers. Problem details are the default, with no `Accept` and if it accepts
    /// none of the forms.
    static func preferred(by headers: borrowing HeaderBlock) -> ErrorFormat.Form {
        // A client that accepts JSON gets problem details, unless it explicitly rejects application/problem+json.
        let named = AcceptedTypes.quality(of: "application", "problem+json", in: headers)
        let problem =
            named == 0 && AcceptedTypes.names("application", "problem+json", in: headers)
            ? 0 : max(named, AcceptedTypes.quality(of: "application", "json", in: headers))
        let html = AcceptedTypes.quality(of: "text", "html", in: headers)
        let text = AcceptedTypes.quality(of: "text", "plain", in: headers)
        if problem >= html, problem >= text { return .problem }
        return html >= text ? .html : .text
    }

    /// Returns the error as `application/problem+json` (RFC 9457). `ProblemSchema` describes the format.
    private static func problem(_ error: GatewayError, typeBase: String, for exchange: Exchange) -> ByteBuffer {
        var body = ByteBuffer()
        body.reserveCapacity(typeBase.utf8.count + exchange.rawPath.count + exchange.requestIDRange.count + 320)
        body.writeStaticString("{\"type\":\"")
        body.writeString(typeBase)
        body.writeString(error.code.name)
        body.writeStaticString("\",\"title\":\"")
        body.writeStaticString(StatusReason.phrase(error.status))
        body.writeStaticString("\",\"status\":")
        body.writeDecimal(error.status)
        body.writeStaticString(",\"detail\":\"")
        body.writeJSONEscaped((error.detail ?? error.code.detail).utf8)
        if !exchange.rawPath.isEmpty {
            body.writeStaticString("\",\"instance\":\"")
            exchange.request.headers.withBytes(exchange.rawPath) { body.writeJSONEscaped($0) }
        }
        body.writeStaticString("\",\"code\":\"")
        body.writeString(error.code.name)
        if !exchange.requestIDRange.isEmpty {
            body.writeStaticString("\",\"request_id\":\"")
            exchange.request.headers.withBytes(exchange.requestIDRange) { body.writeJSONEscaped($0) }
        }
        body.writeStaticString("\"")
        if let seconds = error.retryAfter {
            body.writeStaticString(",\"retry_after\":")
            body.writeDecimal(seconds)
        }
        if !error.problems.isEmpty { body.writeProblems(error.problems) }
        body.writeStaticString("}\n")
        return body
    }
}

extension ByteBuffer {
    fileprivate mutating func writeProblems(_ problems: [GatewayError.Problem]) {
        self.writeStaticString(",\"errors\":[")
        for (index, problem) in problems.enumerated() {
            self.writeStaticString(index > 0 ? ",{\"field\":\"" : "{\"field\":\"")
            self.writeJSONEscaped(problem.field.utf8)
            self.writeStaticString("\",\"reason\":\"")
            self.writeJSONEscaped(problem.reason.utf8)
            self.writeStaticString("\"}")
        }
        self.writeStaticString("]")
    }

    /// Writes the characters between the quotes of a JSON string. Invalid UTF-8 becomes U+FFFD.
    package mutating func writeJSONEscaped(_ bytes: some Collection<UInt8>) {
        let isPlain = bytes.withContiguousStorageIfAvailable { bytes in
            bytes.allSatisfy { 0x20..<0x7F ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        }
        if isPlain == true {
            self.writeBytes(bytes)
        } else {
            self.writeString(JSONText.escaped(String(decoding: bytes, as: UTF8.self)))
        }
    }
}

extension ResponseHead {
    /// Replaces the head with that of a local response.
    mutating func fill(with response: Response, answering method: Method) {
        self.headers.clear()
        self.status = response.status
        self.minorVersion = 1
        self.keepAlive = true
        self.headers.add(response.fields)
        self.setLength(response.body.readableBytes, answering: method)
    }

    /// Sets `Content-Length` and the framing for a body of known length.
    ///
    /// - Parameter isTold: Whether the fields tell that length already.
    mutating func setLength(_ length: Int, answering method: Method, isTold: Bool = false) {
        let hasNoBody = self.hasNoBody
        if hasNoBody || !isTold { self.headers.remove(.contentLength) }
        if !hasNoBody, !isTold { self.headers.add(Self.contentLength) { $0.write(decimal: length) } }
        self.framing = hasNoBody || method == .head || length == 0 ? .none : .length(length)
    }

    /// Whether the status allows no body (RFC 9110 section 6.4.1).
    var hasNoBody: Bool { self.status < 200 || self.status == 204 || self.status == 304 }

    private static let contentLength = HeaderName(.contentLength)
}
