import GatewayHTTP

/// The checks of `[upstreams.NAME.tls]`. The files are checked when they are read.
extension ConfigurationValidator {
    mutating func validate(_ tls: UpstreamTLSConfiguration, at path: SettingPath) {
        if tls.certificate.isEmpty, !tls.key.isEmpty {
            reportLacking(
                "certificate",
                in: path,
                "there is a key but no certificate",
                "add certificate = \"client.pem\""
            )
        } else if tls.key.isEmpty, !tls.certificate.isEmpty {
            reportLacking("key", in: path, "there is a certificate but no key", "add key = \"client.key\"")
        }
        within(.seconds(1)...(.hours(24)), tls.refresh, path + "refresh")
        let name = tls.serverName[...]
        guard !name.isEmpty, !HostAndPort.isHostName(name), IPAddress(name) == nil else { return }
        let host = HostAndPort.parse(name, rooted: true)?.host ?? "api.internal"
        let suggestion = host.hasSuffix(".") ? String(host.dropLast()) : host
        report(
            path + "server_name",
            "\(JSONText.quoted(tls.serverName)) is not a host name or an IP address",
            "write \(JSONText.quoted(suggestion))"
        )
    }
}
