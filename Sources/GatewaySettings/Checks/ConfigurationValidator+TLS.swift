import GatewayHTTP

/// The checks of `[server.tls]`. The files are checked when they are read.
extension ConfigurationValidator {
    mutating func tls() {
        let server = configuration.server
        let path = SettingPath("server", "tls")
        guard let tls = server.tls else {
            for (index, address) in server.listen.enumerated() where address.scheme == .https {
                report(
                    SettingPath("server", "listen") + index,
                    "\(address.settingValue.quoted) needs a certificate",
                    "add [server.tls] with certificate and key"
                )
            }
            return
        }
        certificates(of: tls, at: path)
        within(.seconds(1)...(.hours(24)), tls.refresh, path + "refresh")
        positive(tls.handshakeTimeout, path + "handshake_timeout")
        if tls.alpn.isEmpty, !diagnostics.hasLost(elementsOf: path + "alpn") {
            report(path + "alpn", "the list is empty", "write [\"h2\", \"http/1.1\"]")
        }
        for (index, name) in tls.alpn.enumerated() where tls.alpn[..<index].contains(name) {
            report(path + "alpn" + index, "\(name.settingValue.quoted) is in the list twice", "remove it")
        }
        if !server.listen.isEmpty, !server.listen.contains(where: server.isSecure) {
            report(
                path,
                "no address in server.listen uses TLS",
                "write \"https://…\" for one of them, or remove [server.tls]"
            )
        }
    }

    private mutating func certificates(of tls: TLSConfiguration, at path: SettingPath) {
        if tls.certificate.isEmpty, !tls.key.isEmpty {
            reportLacking(
                "certificate",
                in: path,
                "there is a key but no certificate",
                "add certificate = \"cert.pem\""
            )
        } else if tls.key.isEmpty, !tls.certificate.isEmpty {
            reportLacking("key", in: path, "there is a certificate but no key", "add key = \"key.pem\"")
        } else if tls.certificate.isEmpty, tls.certificates.isEmpty,
            !diagnostics.hasLost(elementsOf: path + "certificates")
        {
            reportLacking(
                "certificate",
                in: path,
                "there is no certificate",
                "add certificate = \"cert.pem\" and key = \"key.pem\""
            )
        }
        var names: Set<String> = []
        for (index, certificate) in tls.certificates.enumerated() {
            let place = path + "certificates" + index
            if certificate.certificate.isEmpty {
                reportLacking("certificate", in: place, "there is no certificate", "add certificate = \"cert.pem\"")
            }
            if certificate.key.isEmpty {
                reportLacking("key", in: place, "there is no key", "add key = \"key.pem\"")
            }
            for (number, name) in certificate.sni.enumerated() {
                let base = name.hasPrefix("*.") ? name.dropFirst(2) : name[...]
                if !HostAndPort.isHostName(base) || IPAddress(base) != nil {
                    report(
                        place + "sni" + number,
                        "\(JSONText.quoted(name)) is not a host name",
                        "write \"a.example\" or \"*.a.example\""
                    )
                } else if !names.insert(name.lowercased()).inserted {
                    report(
                        place + "sni" + number,
                        "\(JSONText.quoted(name)) is used for another certificate",
                        "remove it"
                    )
                }
            }
        }
    }
}
