import Testing

@testable import GatewayHTTP
@testable import GatewayHTTP1

struct HeadScannerTests {
    private let limits = HTTP1Limits(startLine: 20, headers: 30, headerCount: 3)
    private let statusLine = "HTTP/1.1 200 \r\n"
    /// The same limits for responses, with room for the status line.
    private var limitsOfResponses: HTTP1Limits {
        HTTP1Limits(startLine: 20, headers: 30 + self.statusLine.utf8.count, headerCount: 3)
    }

    private func request(target count: Int) -> String {
        "GET /\(String(repeating: "x", count: count)) HTTP/1.1\r\nHost: a\r\n\r\n"
    }

    @Test func `a start line may be exactly as long as the limit`() {
        let spare = 20 - "GET / HTTP/1.1".utf8.count
        #expect(Transcript.requests(self.request(target: spare), limits: self.limits).failure == nil)
        #expect(
            Transcript.requests(self.request(target: spare + 1), limits: self.limits).failure == .startLineTooLong
        )
        #expect(Transcript.responses("HTTP/1.1 200 12345678\r\n\r\n", limits: self.limits).failure == .startLineTooLong)
        #expect(Transcript.responses("HTTP/1.1 200 1234567\r\n\r\n", limits: self.limits).failure == nil)
    }

    @Test func `field lines may be exactly as long as the limit`() {
        let spare = 30 - "Host: a\r\nX: \r\n".utf8.count
        for (count, failure) in [(spare, nil), (spare + 1, .headersTooLarge)] as [(Int, MessageError.Code?)] {
            let fields = "Host: a\r\nX: \(String(repeating: "x", count: count))\r\n"
            #expect(Transcript.requests("GET / HTTP/1.1\r\n\(fields)\r\n", limits: self.limits).failure == failure)
            let chunked = HTTP1Limits(startLine: 20, headers: 60, headerCount: 3)
            let trailers = "X: \(String(repeating: "x", count: count + 60 - 30 + 9))\r\n"
            let body = "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\(trailers)\r\n"
            #expect(Transcript.requests(body, limits: chunked).failure == failure)
        }
    }

    @Test func `a section may have exactly as many fields as the limit`() {
        for (count, failure) in [(2, nil), (3, .headersTooLarge)] as [(Int, MessageError.Code?)] {
            let fields = "Host: a\r\n" + String(repeating: "X:\r\n", count: count)
            #expect(Transcript.requests("GET / HTTP/1.1\r\n\(fields)\r\n", limits: self.limits).failure == failure)
            let response = "\(self.statusLine)\(fields)\r\n"
            #expect(Transcript.responses(response, limits: self.limitsOfResponses).failure == failure)
        }
    }

    @Test(arguments: [
        (20, MessageError.Code.truncated), (22, .truncated), (23, .startLineTooLong), (500, .startLineTooLong),
    ])
    func `an endless start line is rejected as soon as it exceeds the limit`(count: Int, failure: MessageError.Code) {
        #expect(Transcript.requests(String(repeating: "G", count: count), limits: self.limits).failure == failure)
        let response = "H" + String(repeating: "G", count: count - 1)
        #expect(Transcript.responses(response, limits: self.limits).failure == failure)
    }

    @Test(arguments: [
        (30, MessageError.Code.truncated), (32, .truncated), (33, .headersTooLarge), (500, .headersTooLarge),
    ])
    func `an endless field line is rejected as soon as it exceeds the limit`(count: Int, failure: MessageError.Code) {
        let line = String(repeating: "X", count: count)
        #expect(Transcript.requests("GET / HTTP/1.1\r\n" + line, limits: self.limits).failure == failure)
        #expect(Transcript.responses(self.statusLine + line, limits: self.limitsOfResponses).failure == failure)
    }

    @Test func `limits apply to each message separately`() {
        let request = "GET /12345 HTTP/1.1\r\nHost: a\r\nX: 0123456789\r\n\r\n"
        let transcript = Transcript.requests(String(repeating: request, count: 10), limits: self.limits)
        #expect(transcript.failure == nil)
        #expect(transcript.messages.count == 10)
    }

    @Test func `each byte is scanned once, however small the pieces`() throws {
        // The section arrives in two pieces. Scanned bytes are not scanned again, so a change behind the scanner's
        // position goes unnoticed.
        var bytes = Array("X: yyyy\r\n".utf8)
        var scanner = HeadScanner(hasStartLine: false)
        #expect(try bytes.withUnsafeBytes { try scanner.end(in: $0, limits: self.limits) } == nil)
        bytes[3] = 0x0A
        bytes += Array("\r\n".utf8)
        #expect(try bytes.withUnsafeBytes { try scanner.end(in: $0, limits: self.limits) } == 11)
    }

    @Test func `a shorter buffer than before is incomplete`() throws {
        var scanner = HeadScanner(hasStartLine: false)
        #expect(try Array("X: y".utf8).withUnsafeBytes { try scanner.end(in: $0, limits: self.limits) } == nil)
        #expect(try Array("X".utf8).withUnsafeBytes { try scanner.end(in: $0, limits: self.limits) } == nil)
    }
}
