import GatewayHTTP
import GatewaySettings
import NIOCore

/// The head of a request, copied so that it can be sent when the exchange is over.
struct MirroredHead {
    let method: Method
    /// The request line.
    private var start = ByteBuffer()
    /// The client's `Host`.
    private var host = ByteBuffer()
    private let preserveHost: PreserveHost
    private var fields = ByteBuffer()
    /// Whether the original has a body, even if it is empty.
    private let hasBody: Bool

    /// Copies what the exchange sends upstream.
    init(of exchange: Exchange) {
        self.method = exchange.request.method
        self.hasBody = !exchange.request.framing.isEmpty || exchange.request.headers.contains(.contentLength)
        let forwarder = Forwarder(style: exchange.plan.forwarding.style)
        let known = exchange.takeForwardingFields()
        let path = Forwarder.forwardedPath(of: exchange)
        self.preserveHost = exchange.plan.forwarding.preserveHost
        if self.preserveHost != .never {
            exchange.request.headers.withBytes(exchange.request.host) { _ = self.host.writeBytes($0) }
        }
        self.start.writeHead(room: path.count + 64) { output in
            output.write(exchange.request.methodName, of: exchange.request.headers)
            output.write(UInt8(ascii: " "))
            output.write(path, of: exchange.request.headers)
            output.write(" HTTP/1.1\r\nHost: ")
        }
        self.fields.writeHead(room: exchange.request.headers.bytes.readableBytes + 512) { output in
            for field in exchange.request.headers.fields where !Self.isLeftOut(field.id, of: exchange) {
                output.write(field.name, of: exchange.request.headers)
                output.write(": ")
                if field.id == .traceparent, exchange.trace.isOn {
                    // The copy is not one of the tries.
                    output.write(exchange.trace.own)
                } else {
                    output.write(field.value, of: exchange.request.headers)
                }
                output.writeLineEnd()
            }
            forwarder.writeForwarding(of: exchange, known, into: &output)
        }
    }

    /// The copy is sent whole and without trailers, so fields that concern the transfer do not apply to it.
    private static func isLeftOut(_ id: FieldID, of exchange: Exchange) -> Bool {
        switch id {
        case .host, .contentLength, .expect, .trailer: true
        case .acceptEncoding: exchange.needsUnencodedResponse
        default: false
        }
    }

    func write(for target: UpstreamTarget, bodyLength: Int, into buffer: inout ByteBuffer) {
        buffer.writeImmutableBuffer(self.start)
        if self.host.readableBytes > 0, self.preserveHost.applies(to: target) {
            buffer.writeImmutableBuffer(self.host)
        } else {
            buffer.writeBytes(target.authority)
        }
        buffer.writeStaticString("\r\n")
        buffer.writeImmutableBuffer(self.fields)
        if self.hasBody { buffer.writeString("Content-Length: \(bodyLength)\r\n") }
        buffer.writeStaticString("X-Gateway-Mirror: 1\r\n\r\n")
    }
}
