import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// Errors in the form of gRPC: status 200, no body, and the fields `grpc-status` and `grpc-message`. As the whole response
/// is its head, HTTP/2 sends it in one frame, which clients read as trailers.
extension ErrorResponse {
    /// The longest text of a local response that becomes a message.
    private static let longestMessage = 1024

    static func makeGRPC(_ error: GatewayError, for exchange: Exchange) -> Response {
        var response = Response(status: 200)
        response.fields = PreparedFields(error.fields, room: 256) { fields in
            self.addFields(of: error, exchange.plan.errors, to: &fields)
            self.complete(
                &fields,
                GRPCStatus(httpStatus: error.status),
                message: (error.detail ?? error.code.detail).utf8,
                for: exchange
            )
        }
        return response
    }

    /// Returns a local response from 400 on in the form of gRPC, with its other fields. A short text becomes the message.
    static func makeGRPC(_ local: Response, for exchange: Exchange) -> Response {
        var response = Response(status: 200)
        response.fields = PreparedFields(local.fields, room: 256) { fields in
            let isText = fields.first(.contentType).map { type in
                fields.withBytes(type) { MediaRange($0)?.specificity(for: "text", "plain") == 2 }
            }
            fields.remove(.contentType)
            fields.remove(.contentEncoding)
            let text = isText == true && local.body.readableBytes <= self.longestMessage ? local.body : ByteBuffer()
            let status = GRPCStatus(httpStatus: local.status)
            if text.readableBytes > 0 {
                self.complete(&fields, status, message: text.withoutLineEnd, for: exchange)
            } else {
                let reason = UnsafeRawBufferPointer(StatusReason.phrase(local.status))
                self.complete(&fields, status, message: reason, for: exchange)
            }
        }
        return response
    }

    /// Adds the content type of the request, the status, the message, and how long to wait before another try.
    private static func complete(
        _ fields: inout HeaderBlock,
        _ status: GRPCStatus,
        message: some Collection<UInt8>,
        for exchange: Exchange
    ) {
        // A middleware may have removed the type from the request, but the client still speaks gRPC.
        let type = exchange.request.headers.first(.contentType)
        if let type {
            exchange.request.headers.withBytes(type) { fields.add(HeaderName(.contentType), $0) }
        } else {
            fields.add(HeaderName(.contentType), "application/grpc")
        }
        fields.add(status, message: message)
        guard let wait = fields.first(.retryAfter),
            let seconds = fields.withBytes(wait, { Int32(String(decoding: $0, as: UTF8.self)) }), seconds >= 0
        else { return }
        let milliseconds = min(Int(seconds) * 1000, Int(Int32.max))
        fields.add(GRPCStatus.pushbackField) { $0.write(decimal: milliseconds) }
    }

    /// Returns the trailers that end a call after its head was sent.
    ///
    /// - Parameter isDraining: Whether the gateway stops, so that another try may succeed elsewhere.
    static func grpcTrailers(_ outcome: Outcome, isDraining: Bool) -> TrailerSection {
        let error: (status: GRPCStatus, message: StaticString) =
            switch outcome {
            case .gatewayError where isDraining: (.unavailable, "The gateway is shutting down.")
            case .complete, .gatewayError: (.internal, "The gateway failed to answer.")
            case .clientGone: (.cancelled, "The client left.")
            case .upstreamReset: (.unavailable, "The upstream closed the connection before its answer was complete.")
            case .timedOut: (.deadlineExceeded, "The time for this request is used up.")
            }
        var fields = HeaderBlock()
        fields.add(error.status, message: UnsafeRawBufferPointer(error.message))
        return TrailerSection(fields)
    }
}

extension ByteBuffer {
    fileprivate var withoutLineEnd: ByteBufferView {
        let bytes = self.readableBytesView
        guard let end = bytes.lastIndex(where: { $0 != 0x0A && $0 != 0x0D }) else { return bytes.prefix(0) }
        return bytes[...end]
    }
}
