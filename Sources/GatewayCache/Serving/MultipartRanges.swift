package import NIOCore

/// A body of the type `multipart/byteranges` (RFC 9110 section 14.6).
package struct MultipartRanges {
    /// Sixteen hexadecimal digits.
    private let boundary: String
    /// The length of the whole body.
    private let length: Int

    /// - Parameter boundary: A number that nobody can predict, so that no body contains the boundary on purpose.
    package init(boundary: UInt64, length: Int) {
        let digits = String(boundary, radix: 16)
        self.boundary = String(repeating: "0", count: 16 - digits.utf8.count) + digits
        self.length = length
    }

    package var contentType: String { "multipart/byteranges; boundary=\(self.boundary)" }

    /// Returns the body in pieces. Those with content share the memory of `body`.
    ///
    /// - Parameter type: The `Content-Type` of the whole body; empty if it has none.
    package func pieces(of body: ByteBuffer, _ parts: [Range<Int>], type: ByteBuffer) -> [ByteBuffer] {
        var pieces: [ByteBuffer] = []
        for part in parts {
            var head = ByteBuffer()
            head.writeString("\r\n--\(self.boundary)\r\n")
            if type.readableBytes > 0 {
                head.writeString("Content-Type: ")
                head.writeImmutableBuffer(type)
                head.writeString("\r\n")
            }
            head.writeString("Content-Range: bytes \(part.lowerBound)-\(part.upperBound - 1)/\(self.length)\r\n\r\n")
            pieces.append(head)
            if let slice = body.getSlice(at: body.readerIndex + part.lowerBound, length: part.count) {
                pieces.append(slice)
            }
        }
        pieces.append(ByteBuffer(string: "\r\n--\(self.boundary)--\r\n"))
        return pieces
    }
}
