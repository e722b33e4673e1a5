package import GatewayHTTP
package import NIOCore

/// Writes messages. Every line is generated from parsed parts, so a peer's unusual framing is never passed on.
extension ByteBuffer {
    /// Writes `method SP target SP HTTP/1.1 CRLF`. The caller writes the target.
    package mutating func writeRequestLine(_ head: borrowing RequestHead, target: (inout ByteBuffer) -> Void) {
        head.headers.withBytes(head.methodName) { _ = self.writeBytes($0) }
        self.writeInteger(UInt8(0x20))
        target(&self)
        self.writeStaticString(" HTTP/1.1\r\n")
    }

    package mutating func writeStatusLine(_ status: Int, minorVersion: UInt8 = 1) {
        self.writeStaticString(minorVersion == 0 ? "HTTP/1.0 " : "HTTP/1.1 ")
        self.writeDecimal(status)
        self.writeInteger(UInt8(0x20))
        self.writeStaticString(StatusReason.phrase(status))
        self.writeLineEnd()
    }

    package mutating func writeField(_ name: StaticString, _ value: StaticString) {
        self.writeStaticString(name)
        self.writeStaticString(": ")
        self.writeStaticString(value)
        self.writeLineEnd()
    }

    package mutating func writeContentLength(_ length: Int) {
        self.writeStaticString("Content-Length: ")
        self.writeDecimal(length)
        self.writeLineEnd()
    }

    package mutating func writeLineEnd() { self.writeInteger(0x0D0A as UInt16) }

    /// Writes the line before a chunk's data (RFC 9112 section 7.1). A line end must follow the data.
    package mutating func writeChunkSize(_ size: Int) {
        self.writeWithUnsafeMutableBytes(minimumWritableBytes: 18) { target in
            var digits = 1
            while digits < 16, size >> (4 * digits) != 0 { digits += 1 }
            for index in 0..<digits {
                let value = UInt8(truncatingIfNeeded: size >> (4 * (digits - 1 - index)) & 0xF)
                target[index] = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
            }
            target[digits] = 0x0D
            target[digits + 1] = 0x0A
            return digits + 2
        }
    }

    /// Writes the last chunk with the trailer section.
    package mutating func writeLastChunk(trailers: TrailerSection?) {
        self.writeStaticString("0\r\n")
        if let trailers { self.writeFields(trailers.fields) }
        self.writeLineEnd()
    }

    /// Writes a nonnegative number in decimal.
    package mutating func writeDecimal(_ number: Int) {
        var rest = UInt64(max(0, number))
        self.writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { target in
            var digits = 1
            var bound: UInt64 = 10
            while digits < 19, rest >= bound {
                digits += 1
                bound &*= 10
            }
            for index in stride(from: digits - 1, through: 0, by: -1) {
                target[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            return digits
        }
    }
}
