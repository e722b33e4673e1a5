import NIOCore

@testable import GatewayHTTP
@testable import GatewayHTTP1

enum CodecBenchmarks {
    static let browserRequest = """
        GET /products/1234?color=blue&sort=price HTTP/1.1
        Host: shop.example.com
        User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0
        Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8
        Accept-Language: en-GB,en;q=0.7,de;q=0.3
        Accept-Encoding: gzip, deflate, br
        Referer: https://shop.example.com/products
        Connection: keep-alive
        Cookie: session=8f2b7c1d9e4a4f6b8d0c2e1f3a5b7d9c; theme=dark; consent=yes
        Upgrade-Insecure-Requests: 1
        Sec-Fetch-Dest: document
        Sec-Fetch-Mode: navigate
        Sec-Fetch-Site: same-origin
        Priority: u=0, i


        """.crlf

    static let apiRequest = """
        GET /v1/orders/42 HTTP/1.1
        Host: api.example.com
        User-Agent: curl/8.9.1
        Accept: application/json
        Authorization: Bearer 0123456789abcdef0123456789abcdef


        """.crlf

    static let response = """
        HTTP/1.1 200 OK
        Server: nginx
        Date: Sun, 06 Nov 1994 08:49:37 GMT
        Content-Type: application/json
        Content-Length: 1024
        Connection: keep-alive
        Cache-Control: no-cache
        Vary: Origin


        """.crlf

    static let all = [
        MicroBenchmark("codec.request-browser") { Self.parsing(request: Self.browserRequest) },
        MicroBenchmark("codec.request-api") { Self.parsing(request: Self.apiRequest) },
        MicroBenchmark("codec.response") {
            let bytes = ByteBuffer(string: Self.response)
            var parser = ResponseParser(limits: HTTP1Limits())
            let message = Message()
            return {
                var buffer = bytes
                guard try parser.parse(&buffer, into: &message.response, answering: .get) else {
                    throw UnexpectedOutcome("the head is incomplete")
                }
            }
        },
        MicroBenchmark("codec.write-response") {
            var bytes = ByteBuffer(string: Self.response)
            var parser = ResponseParser(limits: HTTP1Limits())
            let message = Message()
            _ = try parser.parse(&bytes, into: &message.response, answering: .get)
            var output = ByteBuffer()
            return {
                output.clear()
                output.writeHead(room: 512) { writer in
                    writer.writeStatusLine(message.response.status)
                    writer.writeFields(message.response.headers)
                    writer.writeLineEnd()
                }
            }
        },
        // Sixteen chunks of 1 KiB.
        MicroBenchmark("codec.chunked-body") {
            let chunk = "400\r\n" + String(repeating: "x", count: 1024) + "\r\n"
            let bytes = ByteBuffer(string: String(repeating: chunk, count: 16) + "0\r\n\r\n")
            return {
                var buffer = bytes
                var decoder = BodyDecoder(.chunked, limits: HTTP1Limits())
                var size = 0
                reading: while true {
                    switch try decoder.next(&buffer) {
                    case .bytes(let piece): size += piece.readableBytes
                    case .end: break reading
                    case .needMore: throw UnexpectedOutcome("the body is incomplete")
                    }
                }
                guard size == 16 * 1024 else { throw UnexpectedOutcome("\(size) bytes of a body") }
            }
        },
    ]

    private static func parsing(request: String) -> () throws -> Void {
        let bytes = ByteBuffer(string: request)
        var parser = RequestParser(limits: HTTP1Limits())
        let message = Message()
        return {
            var buffer = bytes
            guard try parser.parse(&buffer, into: &message.request) else {
                throw UnexpectedOutcome("the head is incomplete")
            }
        }
    }

    /// Heads in an object, like those of an exchange.
    private final class Message {
        var request = RequestHead()
        var response = ResponseHead()
    }
}

extension String {
    /// The text with CRLF line ends.
    var crlf: String { self.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n") }
}
