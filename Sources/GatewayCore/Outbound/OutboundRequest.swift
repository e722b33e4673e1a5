package import GatewayHTTP
package import NIOCore

/// A request that the gateway sends on its own account, to a service such as an issuer of tokens.
package struct OutboundRequest: Sendable {
    package var method: Method
    /// The path and the query.
    package var path: [UInt8]
    /// The fields besides `Host` and `Content-Length`.
    package var fields = PreparedFields()
    /// The body. Nil: none.
    package var body: ByteBuffer?
    /// How long the request may take from start to end, including look-ups, connecting and the whole response.
    package var timeout: TimeAmount
    /// The maximum size of the response body, in bytes.
    package var maxBody: Int
    /// What happens to longer bodies.
    package var whenTooLarge = WhenTooLarge.fail

    package enum WhenTooLarge: Sendable {
        /// The request fails with ``OutboundFailure/Kind/tooLarge``.
        case fail
        /// The response ends after `maxBody` bytes, and is marked as truncated.
        case truncate
    }

    package init(_ method: Method = .get, path: String, timeout: TimeAmount, maxBody: Int) {
        self.method = method
        self.path = Array(path.utf8)
        self.timeout = timeout
        self.maxBody = maxBody
    }

    func write(for target: UpstreamTarget, into buffer: inout ByteBuffer) {
        let length = self.body.map { "Content-Length: \($0.readableBytes)\r\n" } ?? ""
        let fields = HeaderBlock(self.fields, room: 0)
        let room = self.path.count + target.authority.count + fields.bytes.readableBytes + length.utf8.count + 64
        buffer.writeHead(room: room) { output in
            output.write(self.method.name)
            output.write(UInt8(ascii: " "))
            output.write(self.path)
            output.write(" HTTP/1.1\r\nHost: ")
            output.write(target.authority)
            output.writeLineEnd()
            output.writeFields(fields)
            output.write(Array(length.utf8))
            output.writeLineEnd()
        }
    }
}

/// The response to an ``OutboundRequest``.
package final class OutboundResponse: Sendable {
    package let head: ResponseHead
    package let body: ByteBuffer
    /// Whether the body was longer than allowed and was cut off.
    package let isTruncated: Bool

    package var status: Int { self.head.status }

    init(_ head: consuming ResponseHead, body: ByteBuffer, isTruncated: Bool) {
        self.head = head
        self.body = body
        self.isTruncated = isTruncated
    }
}

/// Why there is no response to an ``OutboundRequest``.
package struct OutboundFailure: Error, Hashable, Sendable {
    package enum Kind: String, Sendable {
        /// The name of the service has no address.
        case dns
        /// There is no connection.
        case refused
        /// The TLS handshake failed.
        case tls
        /// The connection ended before the response was complete.
        case reset
        /// The response was not complete in time.
        case timeout
        /// The response violates the protocol.
        case malformed
        /// The body of the response is longer than allowed.
        case tooLarge = "too_large"
        /// Too many requests wait for a connection.
        case overloaded
    }

    package let kind: Kind
    /// The details, for the log only.
    package let reason: String?

    init(_ kind: Kind, reason: String? = nil) {
        self.kind = kind
        self.reason = reason
    }

    init(_ error: GatewayError) {
        let kind: Kind =
            switch error.failure {
            case .dns: .dns
            case .refused: .refused
            case .tls: .tls
            case .reset: .reset
            case .timeout: .timeout
            case .malformed: .malformed
            case nil: error.code == .overloaded ? .overloaded : .refused
            }
        self.init(kind, reason: error.reason)
    }
}
