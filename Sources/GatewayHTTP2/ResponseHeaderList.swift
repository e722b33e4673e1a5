package import GatewayHTTP
package import NIOHPACK

/// Reads the header lists of responses, as strictly as those of requests: a malformed response is rejected, never
/// guessed at (RFC 9113 section 8.2.1).
package struct ResponseHeaderList: Sendable {
    /// The maximum size of a list in bytes, as if it were written in the form of HTTP/1.
    package let size: Int
    private let count: Int

    package init(size: Int, count: Int) {
        self.size = size
        self.count = count
    }

    /// Reads a list into `head`, with the framing that the response would have in HTTP/1: a body of unknown length is
    /// chunked.
    ///
    /// - Parameters:
    ///   - method: The method of the request.
    ///   - endsStream: Whether nothing follows the list.
    package func read(
        _ list: HPACKHeaders,
        into head: inout ResponseHead,
        answering method: Method,
        endsStream: Bool
    ) throws(MessageError) {
        head.headers.clear()
        var status: Int?
        var size = 0
        for (name, value, _) in list {
            if name.utf8.first == UInt8(ascii: ":") {
                guard name == ":status", status == nil, head.headers.count == 0 else {
                    throw .malformed("pseudo-header field")
                }
                status = try Self.status(value)
            } else {
                try self.add(name, value, to: &head.headers, &size)
            }
        }
        guard let status else { throw .malformed("no :status") }
        head.minorVersion = 1
        head.status = status
        try head.frame(answering: method)
        head.keepAlive = true
        guard head.framing != .untilClose else { return Self.frame(&head, endsStream: endsStream) }
        if endsStream, !head.framing.isEmpty { throw .malformed("body shorter than its Content-Length") }
        if endsStream, head.isInformational { throw .malformed("1xx response that ends the stream") }
    }

    /// Reads the list that follows a body.
    package func readTrailers(_ list: HPACKHeaders) throws(MessageError) -> HeaderBlock {
        var block = HeaderBlock()
        var size = 0
        for (name, value, _) in list {
            guard name.utf8.first != UInt8(ascii: ":") else { throw .malformed("pseudo-header field in trailers") }
            try self.add(name, value, to: &block, &size)
        }
        return block
    }

    /// Frames a response that declares no length.
    private static func frame(_ head: inout ResponseHead, endsStream: Bool) {
        head.framing = .chunked
        // A gRPC status without a body must reach the client as it came: a head that ends the stream.
        guard endsStream, head.grpcForm != .native else { return }
        head.framing = .none
        head.headers.add(HeaderName(.contentLength), "0")
    }

    private static func status(_ value: String) throws(MessageError) -> Int {
        var status = 0
        guard value.utf8.count == 3 else { throw .malformed("status code") }
        for digit in value.utf8 {
            guard ByteClass.isDigit(digit) else { throw .malformed("status code") }
            status = status * 10 + Int(digit & 0x0F)
        }
        guard (100...599).contains(status) else { throw .malformed("status code") }
        return status
    }

    private func add(
        _ name: String,
        _ value: String,
        to block: inout HeaderBlock,
        _ size: inout Int
    ) throws(MessageError) {
        var name = name
        var value = value
        size += name.utf8.count + value.utf8.count + 4
        guard size <= self.size, block.count < self.count else { throw MessageError(.headersTooLarge, "header list") }
        let reason = name.withUTF8 { name in
            value.withUTF8 { value in
                Self.add(UnsafeRawBufferPointer(name), UnsafeRawBufferPointer(value), to: &block)
            }
        }
        if let reason { throw .malformed(reason) }
    }

    /// Adds a field. Returns why it is malformed, if it is.
    private static func add(
        _ name: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        to block: inout HeaderBlock
    ) -> String? {
        guard !name.isEmpty else { return "field without a name" }
        for byte in name where !ByteClass.isTokenByte(byte) || byte &- UInt8(ascii: "A") < 26 { return "field name" }
        guard ByteClass.isFieldValue(value) else { return "control character in a field" }
        if let first = value.first, let last = value.last {
            if first == 0x20 || first == 0x09 || last == 0x20 || last == 0x09 { return "white space around a value" }
        }
        let id = FieldTable.shared.id(of: name)
        switch id {
        // RFC 9113 section 8.2.2.
        case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade:
            return "connection-specific field"
        default: break
        }
        block.addReceived(name, value, id: id)
        return nil
    }
}

extension ResponseHead {
    fileprivate var grpcForm: GRPCForm {
        guard let type = self.headers.first(.contentType) else { return .none }
        return self.headers.withBytes(type) { GRPCForm(contentType: $0) }
    }
}
