/// Why a peer's bytes are not a message. The connection they came on carries nothing that can be trusted afterwards.
package struct MessageError: Error, Hashable, Sendable {
    package var code: Code
    /// What was wrong, in words for a log; never sent to the other side of the gateway.
    package var reason: String

    package enum Code: Hashable, Sendable {
        /// Not the grammar of RFC 9112, or an ambiguity that is refused: 400 to a client, 502 from an upstream.
        case malformed
        /// The request line is over its limit: 414.
        case startLineTooLong
        /// Header bytes, header count or the trailer section are over their limits: 431.
        case headersTooLarge
        /// A major version that is not 1: 505.
        case unsupportedVersion
        /// A transfer coding beside chunked, in a message that is well formed: 501 to a client, 502 from an upstream.
        case unsupportedCoding
        /// The peer closed inside a message.
        case truncated
    }

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    package static func malformed(_ reason: String) -> MessageError { MessageError(.malformed, reason) }
}
