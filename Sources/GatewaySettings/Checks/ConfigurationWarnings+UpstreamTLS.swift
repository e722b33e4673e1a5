extension ConfigurationWarnings {
    /// Warns about upstreams that trust any server, and about settings of TLS that have no effect.
    func upstreamTLS() -> [ConfigurationError] {
        configuration.upstreams.sorted { $0.key < $1.key }.flatMap { name, upstream -> [ConfigurationError] in
            guard let tls = upstream.tls else { return [] }
            let path = SettingPath("upstreams") + name + "tls"
            if !upstream.targets.isEmpty, !upstream.targets.contains(where: \.url.isSecure) {
                return [
                    warning(
                        .noEffect,
                        path,
                        "tls has no effect, because the upstream has no https target",
                        "remove it, or write https:// in the targets"
                    )
                ]
            }
            guard !tls.verify else { return [] }
            var warnings = [
                warning(
                    .upstreamVerifyOff,
                    path + "verify",
                    "the servers of the upstream are not verified, so anyone on the way can read and change requests",
                    "write true, and set ca if their certificates come from a private authority"
                )
            ]
            if !tls.ca.isEmpty {
                warnings.append(
                    warning(.noEffect, path + "ca", "ca has no effect with verify = false", "write verify = true")
                )
            }
            return warnings
        }
    }
}
