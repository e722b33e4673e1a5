package import NIOCore

/// Messages → bytes. Every line is written anew from parsed parts, so nothing that a peer framed oddly is passed on.
extension ByteBuffer {
    /// `method SP target SP HTTP/1.1 CRLF`; the caller writes the target.
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

    /// The line before a chunk's data (RFC 9112 section 7.1); a line end follows the data.
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

    /// The last chunk with the trailer section.
    package mutating func writeLastChunk(trailers: TrailerSection?) {
        self.writeStaticString("0\r\n")
        if let trailers { self.writeFields(trailers.fields) }
        self.writeLineEnd()
    }

    /// A number that is not negative, in decimal digits.
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

/// The phrases of RFC 9110 section 15, for people who read along; clients ignore them.
package enum StatusReason {
    package static func phrase(_ status: Int) -> StaticString {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 102: "Processing"
        case 103: "Early Hints"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 203: "Non-Authoritative Information"
        case 204: "No Content"
        case 205: "Reset Content"
        case 206: "Partial Content"
        case 207: "Multi-Status"
        case 300: "Multiple Choices"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 407: "Proxy Authentication Required"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 423: "Locked"
        case 424: "Failed Dependency"
        case 425: "Too Early"
        case 426: "Upgrade Required"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 451: "Unavailable For Legal Reasons"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        case 511: "Network Authentication Required"
        case 400..<500: "Client Error"
        case 500...: "Server Error"
        default: "Status"
        }
    }
}
