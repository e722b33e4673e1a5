/// The format of a route's errors, compiled from `[middleware.errors]`.
package struct ErrorFormat: Sendable {
    package var form = Form.problem
    /// The prefix of the problem type, to which the code is appended. Already escaped for JSON.
    package var typeBase = "urn:gateway:error:"
    /// Whether errors that the gateway generates carry `Proxy-Status` (RFC 9209).
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
        /// The form that `Accept` prefers.
        case negotiated
    }
}
