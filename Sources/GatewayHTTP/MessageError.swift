/// Why a peer's bytes are not a message. Nothing that the connection carries afterwards can be trusted.
package struct MessageError: Error, Hashable, Sendable {
    package var code: Code
    /// A description of the problem for the log. Never sent to the other side of the gateway.
    package var reason: String

    package enum Code: Hashable, Sendable {
        /// A violation of the grammar of RFC 9112, or a rejected ambiguity: 400 to a client, 502 from an upstream.
        case malformed
        /// The request line exceeds its limit: 414.
        case startLineTooLong
        /// The header bytes, header count or trailer section exceed their limits: 431.
        case headersTooLarge
        /// The major version is not 1: 505.
        case unsupportedVersion
        /// A transfer coding other than chunked, in a well-formed message: 501 to a client, 502 from an upstream.
        case unsupportedCoding
        /// The peer closed the connection inside a message.
        case truncated
    }

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    package static func malformed(_ reason: String) -> MessageError { MessageError(.malformed, reason) }
}
