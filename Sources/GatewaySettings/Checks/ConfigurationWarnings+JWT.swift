import GatewayHTTP

extension ConfigurationWarnings {
    /// Warns about tokens that were made for other services, and about keys that anyone on the way can replace.
    func jwt() -> [ConfigurationError] {
        guard let jwt = self.configuration.auth.jwt else { return [] }
        let path = SettingPath("auth", "jwt")
        let own = jwt.ownIssuer
        var warnings: [ConfigurationError] = []
        let tables =
            (own.keySources.isEmpty ? [] : [(path, own)])
            + jwt.issuers.enumerated().map { (path + "issuers" + $0.offset, $0.element) }
        for (place, issuer) in tables {
            if (issuer.audience ?? jwt.audience).isEmpty {
                warnings.append(
                    warning(
                        .jwtWithoutAudience,
                        place,
                        "without an audience, tokens that were issued for other services are accepted",
                        "add audience = [\"NAME\"], the name that the issuer has for this service"
                    )
                )
            }
            if case .http(let host, _) = issuer.jwks.target, issuer.jwks != .missing, !Self.isLoopback(host) {
                warnings.append(
                    warning(
                        .plainText,
                        place + "jwks",
                        "the keys are fetched without TLS, so anyone on the way can replace them",
                        "write https://"
                    )
                )
            }
        }
        return warnings
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}
