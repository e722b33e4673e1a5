import GatewayHTTP1
import Testing

/// TCP has no message boundaries: the meaning of bytes must not depend on how they are split.
struct SegmentationTests {
    @Test(arguments: Examples.requests + Examples.badRequests)
    func `requests are parsed the same however they are split`(text: String) {
        self.expectSame(text) { Transcript.requests($0, limits: Examples.limits) }
    }

    @Test(arguments: Examples.responses + Examples.badResponses)
    func `responses are parsed the same however they are split`(text: String) {
        self.expectSame(text) { Transcript.responses($0, limits: Examples.limits) }
    }

    @Test(arguments: Examples.requests)
    func `valid requests are read to their end`(text: String) {
        let transcript = Transcript.requests(text, limits: Examples.limits)
        #expect(transcript.failure == nil)
        #expect(transcript.messages.allSatisfy(\.isComplete) && !transcript.messages.isEmpty)
    }

    @Test(arguments: Examples.badRequests)
    func `invalid requests are rejected`(text: String) {
        #expect(Transcript.requests(text, limits: Examples.limits).failure != nil)
    }

    @Test(arguments: Examples.responses)
    func `valid responses are read to their end`(text: String) {
        let transcript = Transcript.responses(text, limits: Examples.limits)
        #expect(transcript.failure == nil)
        #expect(transcript.messages.allSatisfy(\.isComplete) && !transcript.messages.isEmpty)
    }

    @Test(arguments: Examples.badResponses)
    func `invalid responses are rejected`(text: String) {
        #expect(Transcript.responses(text, limits: Examples.limits).failure != nil)
    }

    private func expectSame(_ text: String, _ read: ([[UInt8]]) -> Transcript) {
        let bytes = Array(text.utf8)
        let whole = read([bytes])
        for cut in 1..<bytes.count {
            #expect(read([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "split at \(cut)")
        }
        #expect(read(bytes.map { [$0] }) == whole, "single bytes")
    }
}
