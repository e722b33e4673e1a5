import GatewayHTTP
import GatewayHTTP1
import HTTPTypes
import NIOCore

/// The error for a handler's response that cannot be sent.
struct InvalidResponse: Error, CustomStringConvertible {
    package let reason: String
    var description: String { self.reason }

    init(_ reason: String) { self.reason = reason }
}

extension ResponseHead {
    /// Fills the head from a handler's response, framed as if it had arrived over a connection (RFC 9112 section
    /// 6.3).
    mutating func fill(
        with response: AsyncResponse,
        answering method: GatewayHTTP.Method,
        isUpgrade: Bool = false
    ) throws(InvalidResponse) {
        let status = response.head.status.code
        guard (200...599).contains(status) || isUpgrade && status == 101 else {
            throw InvalidResponse("status \(status)")
        }
        self.headers.clear()
        self.status = status
        self.minorVersion = 1
        self.keepAlive = true
        var declared: Int?
        for field in response.head.headerFields {
            if field.name == .contentLength {
                guard declared == nil, let length = Self.length(field.value) else {
                    throw InvalidResponse("Content-Length \"\(field.value)\"")
                }
                declared = length
            } else {
                field.withUnsafeBytesOfValue { self.headers.add(HeaderName(field.name.rawName), $0) }
            }
        }
        let mayHaveBody = status != 204 && status != 304 && status != 101
        let length: Int?
        switch response.body.source {
        // Only the handler knows the length that a GET response would have.
        case .none: length = method == .head || !mayHaveBody ? declared : 0
        case .bytes(let bytes): length = mayHaveBody ? bytes.readableBytes : declared
        case .passing, .sequence, .written: length = declared
        }
        if status == 101 {
            self.headers.add(HeaderName(.upgrade), "websocket")
            self.headers.add(HeaderName(.connection), "Upgrade")
        } else if let length, status != 204 {
            self.headers.add(HeaderName(.contentLength)) { $0.write(decimal: length) }
        }
        guard mayHaveBody, method != .head, length != 0 else {
            self.framing = .none
            return
        }
        self.framing = length.map(BodyFraming.length) ?? .chunked
    }

    private static func length(_ text: String) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }
}
