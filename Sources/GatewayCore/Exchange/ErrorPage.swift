import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// Renders an error as an HTML page or as plain text. The page loads no resources and has no styles or scripts, so that
/// it looks the same under any Content-Security-Policy.
enum ErrorPage {
    static func html(_ error: GatewayError, for exchange: Exchange) -> ByteBuffer {
        var page = ByteBuffer()
        page.reserveCapacity(640)
        page.writeStaticString(
            """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="robots" content="noindex">
            <title>
            """
        )
        page.writeTitle(error)
        page.writeStaticString("</title>\n</head>\n<body>\n<h1>")
        page.writeTitle(error)
        page.writeStaticString("</h1>\n<p>")
        page.writeHTMLEscaped((error.detail ?? error.code.detail).utf8)
        page.writeStaticString("</p>\n")
        if !error.problems.isEmpty {
            page.writeStaticString("<ul>\n")
            for problem in error.problems {
                page.writeStaticString("<li><code>")
                page.writeHTMLEscaped(problem.field.utf8)
                page.writeStaticString("</code>: ")
                page.writeHTMLEscaped(problem.reason.utf8)
                page.writeStaticString("</li>\n")
            }
            page.writeStaticString("</ul>\n")
        }
        page.writeString("<p>Error: <code>\(error.code.name)</code></p>\n")
        if !exchange.requestIDRange.isEmpty {
            page.writeStaticString("<p>Request ID: <code>")
            exchange.request.headers.withBytes(exchange.requestIDRange) { page.writeHTMLEscaped($0) }
            page.writeStaticString("</code></p>\n")
        }
        page.writeStaticString("</body>\n</html>\n")
        return page
    }

    package static func text(_ error: GatewayError, for exchange: Exchange) -> ByteBuffer {
        var text = ByteBuffer()
        text.reserveCapacity(192)
        text.writeTitle(error)
        text.writeString("\n\n\(error.detail ?? error.code.detail)\n")
        for problem in error.problems { text.writeString("\(problem.field): \(problem.reason)\n") }
        text.writeString("\nError: \(error.code.name)\n")
        if !exchange.requestIDRange.isEmpty {
            text.writeStaticString("Request ID: ")
            exchange.request.headers.withBytes(exchange.requestIDRange) { _ = text.writeBytes($0) }
            text.writeStaticString("\n")
        }
        return text
    }
}

extension ByteBuffer {
    fileprivate mutating func writeTitle(_ error: GatewayError) {
        self.writeDecimal(error.status)
        self.writeStaticString(" ")
        self.writeStaticString(StatusReason.phrase(error.status))
    }

    /// Writes text between tags or in a quoted attribute. Invalid UTF-8 becomes U+FFFD; control characters become
    /// spaces.
    mutating func writeHTMLEscaped(_ bytes: some Collection<UInt8>) {
        let text = String(decoding: bytes, as: UTF8.self)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): self.writeStaticString("&amp;")
            case UInt8(ascii: "<"): self.writeStaticString("&lt;")
            case UInt8(ascii: ">"): self.writeStaticString("&gt;")
            case UInt8(ascii: "\""): self.writeStaticString("&quot;")
            case UInt8(ascii: "'"): self.writeStaticString("&#39;")
            case 0..<0x20, 0x7F: self.writeInteger(UInt8(ascii: " "))
            default: self.writeInteger(byte)
            }
        }
    }
}
