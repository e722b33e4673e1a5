/// What the `auth` middleware decided about a request, for the access log: `api_key`, `jwt: expired`, `missing`.
package struct AuthVerdict {
    /// The kind of the credential; empty if no kind is responsible.
    var kind = ""
    /// Why it was refused; empty if it was accepted.
    var reason: StaticString = ""
    /// Whether the request passed all the same.
    var isShadow = false

    package var text: String {
        let reason = "\(self.reason)"
        let text = self.kind.isEmpty || reason.isEmpty ? self.kind + reason : "\(self.kind): \(reason)"
        return self.isShadow ? "shadow " + text : text
    }
}
