/// Settings of TLS that contradict each other.
extension ConfigurationValidator {
    mutating func https() {
        let server = configuration.server
        let path = SettingPath("server")
        let authentication = path + "tls" + "client_auth"
        if let tls = server.tls, tls.clientCA.isEmpty, configuration.document.root?.node(at: authentication) != nil {
            report(
                authentication,
                "without client_ca, no client is asked for a certificate",
                "add client_ca = \"ca.pem\", or remove it"
            )
        }
        if server.httpsRedirect, server.tls == nil, !server.listen.contains(where: server.isSecure) {
            report(path + "https_redirect", "no address in server.listen uses TLS", "add [server.tls], or remove it")
        }
    }
}
