package import GatewayHTTP

/// The subprotocols of `Sec-WebSocket-Protocol` (RFC 6455 section 1.9).
package enum StreamProtocol {
    package static let fieldName = HeaderName("Sec-WebSocket-Protocol")
    /// The one that the gateway answers.
    package static let name = "gateway.events"
    /// The beginning of one that holds the token of a browser, which cannot send other fields. It is never answered.
    package static let tokenPrefix = "bearer."
}
