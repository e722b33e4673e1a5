package import GatewayHTTP

extension ServiceURL {
    /// The scheme, the host, and the port unless it is the usual one.
    package var origin: String {
        guard let port = self.target.hostAndPort?.port, port == self.target.defaultPort else {
            return self.target.description
        }
        return String(self.target.description.dropLast(":\(port)".count))
    }

    /// The ports below 1024 that webhooks may have. Others belong to services that a request could be smuggled into, such
    /// as mail servers.
    private static let webhookPorts = [80, 443]

    /// Why webhooks cannot have this URL; nil if they can. It repeats nothing of the URL but its host and port.
    ///
    /// - Parameter policy: The addresses that are allowed. Anything but `.all` requires https too.
    package func webhookProblem(_ policy: AddressPolicy) -> SettingError? {
        guard let (host, port) = self.target.hostAndPort else { return nil }
        let quoted = JSONText.quoted(host)
        switch policy.judge(host: host) {
        case .allowed: break
        case .refused, .localhost:
            return SettingError(
                "\(quoted) is not a public address",
                suggestion: "use a public host, or set events.allow_private = true"
            )
        case .unusualAddress:
            return SettingError(
                "\(quoted) is an address in a form that not all programs read alike",
                suggestion: "write four decimal numbers, such as 192.0.2.1"
            )
        }
        if !self.target.isSecure, policy == .publicOnly {
            return SettingError(
                "the URL is not https, so that anyone on the way could read the events",
                suggestion: "write https://, or set events.allow_private = true"
            )
        }
        guard port >= 1024 || Self.webhookPorts.contains(port) else {
            return SettingError("webhooks cannot use port \(port)", suggestion: "use 443, 8443, 80 or 1024 to 65535")
        }
        return nil
    }
}
