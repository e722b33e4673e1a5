import GatewayCore
import GatewayHTTP
import GatewayHTTP1
import NIOCore

extension ExplainedRequest {
    /// Larger than any limit in a configuration, because the outcome shows those.
    private static let limits = HTTP1Limits(startLine: 1 << 10, headers: 1 << 30, headerCount: 1 << 20)

    /// Parses the fields as a connection does, which rejects an ambiguous body length or host before routing.
    ///
    /// - Throws: The error response for malformed fields.
    func checkFields() throws(GatewayError) {
        var text = ByteBuffer(string: "GET / HTTP/1.1\r\n")
        for field in self.fields {
            text.writeBytes(field.name.bytes)
            text.writeString(": ")
            text.writeBytes(field.value)
            text.writeString("\r\n")
        }
        text.writeString("\r\n")
        var parser = RequestParser(limits: Self.limits)
        var head = RequestHead()
        do throws(MessageError) {
            _ = try parser.parse(&text, into: &head)
        } catch {
            var refusal = GatewayError(client: error)
            // Clients are not told what exactly is wrong.
            let detail = refusal.detail ?? refusal.code.detail
            refusal.detail = (detail.hasSuffix(".") ? String(detail.dropLast()) : detail) + " (\(error.reason))."
            throw refusal
        }
    }
}
