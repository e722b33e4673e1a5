/// What browsers are told.
extension ConfigurationLint {
    /// Finds policies that let any script or style in a page run.
    func policies() -> [ConfigurationError] {
        let written = self.texts("security_headers", "csp", "policy") + self.responseFields("content-security-policy")
        return written.compactMap { path, policy in
            Self.looseDirective(of: policy).map { directive in
                warning(
                    .cspUnsafeInline,
                    path,
                    "\(directive) has 'unsafe-inline', so that text which an attacker gets into a page runs as its own",
                    "use a nonce: csp.nonce = \"html\", and 'nonce-{nonce}' in the policy"
                )
            }
        }
    }

    /// Returns the first directive in which `'unsafe-inline'` has an effect: browsers ignore it beside a nonce or a hash
    /// (CSP level 3, section 6.7.3.2).
    private static func looseDirective(of policy: String) -> String? {
        for directive in policy.split(whereSeparator: { $0 == ";" || $0 == "," }) {
            let words = directive.lowercased().split(whereSeparator: \.isWhitespace)
            guard let name = words.first, words.dropFirst().contains("'unsafe-inline'") else { continue }
            let isIgnored = words.contains { word in
                ["'nonce-", "'sha256-", "'sha384-", "'sha512-"].contains(where: word.hasPrefix)
            }
            if !isIgnored { return String(name) }
        }
        return nil
    }

    /// Finds routes that pages of any site may use.
    func origins() -> [ConfigurationError] {
        let origins = self.texts("cors", "origins") + self.responseFields("access-control-allow-origin")
        return origins.filter { $0.text == "*" }.map { path, _ in
            warning(
                .corsAnyOrigin,
                path,
                "pages of any site may read the responses",
                "list the origins of your own pages, such as \"https://app.example.com\""
            )
        }
    }

    /// Finds an HSTS field that no client receives over TLS (RFC 6797 section 7.2).
    func hsts() -> [ConfigurationError] {
        let server = self.configuration.server
        guard server.trustedProxies.isEmpty, !server.listen.contains(where: server.isSecure) else { return [] }
        let written = self.texts("security_headers", "hsts") + self.responseFields("strict-transport-security")
        return written.filter { !$0.text.isEmpty }.map { path, _ in
            warning(
                .hstsWithoutTLS,
                path,
                "no client receives the field over TLS, so browsers ignore it",
                "add [server.tls], or list the proxy that has TLS in server.trusted_proxies"
            )
        }
    }
}
