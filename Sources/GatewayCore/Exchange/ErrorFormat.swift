/// How a route's errors look: what `[middleware.errors]` was compiled to.
package struct ErrorFormat: Sendable {
    package var form = Form.problem
    /// What the code is appended to, as it stands in a JSON string.
    package var typeBase = "urn:gateway:error:"
    /// The gateway's own errors carry `Proxy-Status` (RFC 9209).
    package var sendsProxyStatus = true

    package init(
        form: Form = Form.problem,
        typeBase: String = "urn:gateway:error:",
        sendsProxyStatus: Bool = true
    ) {
        self.form = form
        self.typeBase = typeBase
        self.sendsProxyStatus = sendsProxyStatus
    }

    package enum Form: Sendable {
        case problem, html, text
        /// What `Accept` likes best.
        case negotiated
    }
}
