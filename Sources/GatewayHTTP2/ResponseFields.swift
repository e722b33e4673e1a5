package import GatewayHTTP

/// The limits of a list of fields, as if it were written in the form of HTTP/1.
package struct FieldLimits: Hashable, Sendable {
    /// The maximum number of bytes.
    package var size: Int
    package var count: Int

    package init(size: Int, count: Int) {
        self.size = size
        self.count = count
    }
}

/// Builds a response from the fields of a block, checked as strictly as a request: a malformed response is rejected,
/// never guessed at (RFC 9113 section 8.2.1).
package struct ResponseFields {
    private let limits: FieldLimits
    private var error: MessageError?
    private var status: Int?
    private var hasFields = false
    private var size = 0

    package init(limits: FieldLimits) { self.limits = limits }

    /// Adds the next field of the block to the head.
    package mutating func take(_ field: FieldBlockDecoder.Field, into head: inout ResponseHead) {
        guard self.error == nil else { return }
        do throws(MessageError) {
            if field.name.first == UInt8(ascii: ":") {
                guard ByteClass.equals(field.name, ":status"), self.status == nil, !self.hasFields else {
                    throw .malformed("pseudo-header field")
                }
                self.status = try Self.status(field.value)
            } else {
                self.hasFields = true
                try FieldRules.check(field)
                self.size += field.name.count + field.value.count + 4
                guard self.size <= self.limits.size, head.headers.count < self.limits.count else {
                    throw MessageError(.headersTooLarge, "header list")
                }
                head.headers.addReceived(field.name, field.value, id: field.id)
            }
        } catch {
            self.error = error
        }
    }

    private static func status(_ value: UnsafeRawBufferPointer) throws(MessageError) -> Int {
        var status = 0
        guard value.count == 3 else { throw .malformed("status code") }
        for digit in value {
            guard ByteClass.isDigit(digit) else { throw .malformed("status code") }
            status = status * 10 + Int(digit & 0x0F)
        }
        guard (100...599).contains(status) else { throw .malformed("status code") }
        return status
    }

    /// Completes the head after the last field, with the framing that the response would have in HTTP/1: a body of
    /// unknown length is chunked.
    ///
    /// - Parameters:
    ///   - method: The method of the request.
    ///   - endsStream: Whether nothing follows the head.
    package func finish(
        _ head: inout ResponseHead,
        answering method: Method,
        endsStream: Bool
    ) throws(MessageError) {
        if let error = self.error { throw error }
        guard let status = self.status else { throw .malformed("no :status") }
        head.minorVersion = 1
        head.status = status
        try head.frame(answering: method)
        head.keepAlive = true
        guard head.framing != .untilClose else { return Self.frame(&head, endsStream: endsStream) }
        if endsStream, !head.framing.isEmpty { throw .malformed("body shorter than its Content-Length") }
        if endsStream, head.isInformational { throw .malformed("1xx response that ends the stream") }
    }

    /// Frames a response that declares no length.
    private static func frame(_ head: inout ResponseHead, endsStream: Bool) {
        head.framing = .chunked
        // A gRPC status without a body must reach the client as it came: a head that ends the stream.
        guard endsStream, head.grpcForm != .native else { return }
        head.framing = .none
        head.headers.add(HeaderName(.contentLength), "0")
    }
}

extension ResponseHead {
    fileprivate var grpcForm: GRPCForm {
        guard let type = self.headers.first(.contentType) else { return .none }
        return self.headers.withBytes(type) { GRPCForm(contentType: $0) }
    }
}
