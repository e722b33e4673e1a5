/// How a route's errors look: what `[middleware.errors]` was compiled to.
struct ErrorFormat: Sendable {
    var form = Form.problem
    /// What the code is appended to, as it stands in a JSON string.
    var typeBase = "urn:gateway:error:"
    /// The gateway's own errors carry `Proxy-Status` (RFC 9209).
    var sendsProxyStatus = true

    enum Form: Sendable {
        case problem, html, text
        /// What `Accept` likes best.
        case negotiated
    }
}
