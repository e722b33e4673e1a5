import GatewayHTTP

/// The checks of `[auth.jwt]`.
extension ConfigurationValidator {
    mutating func jwt() {
        guard let jwt = self.configuration.auth.jwt else { return }
        let path = SettingPath("auth", "jwt")
        if !FieldName.isToken(jwt.header) {
            report(
                path + "header",
                "\(JSONText.quoted(jwt.header)) is not a name of a field",
                "write \"Authorization\""
            )
        }
        if !jwt.cookie.isEmpty, !FieldName.isToken(jwt.cookie) {
            report(path + "cookie", "\(JSONText.quoted(jwt.cookie)) is not a name of a cookie", "write \"session\"")
        }
        let own = jwt.ownIssuer
        if jwt.issuers.isEmpty || !own.keySources.isEmpty { self.issuer(own, of: jwt, at: path) }
        for (index, issuer) in jwt.issuers.enumerated() { self.issuer(issuer, of: jwt, at: path + "issuers" + index) }
        self.issuerNames(jwt, path)
        self.shared(jwt.leeway, jwt.cache, jwt.refresh, path)
        for (index, issuer) in jwt.issuers.enumerated() {
            let place = path + "issuers" + index
            self.shared(
                issuer.leeway ?? jwt.leeway,
                issuer.cache ?? jwt.cache,
                issuer.refresh ?? jwt.refresh,
                place,
                issuer
            )
        }
        self.claims(jwt.consumerClaim, jwt.audience, jwt.required, path)
        for (index, issuer) in jwt.issuers.enumerated() {
            let place = path + "issuers" + index
            self.claims(issuer.consumerClaim ?? "sub", issuer.audience ?? [], issuer.required ?? [], place)
        }
    }

    /// Checks where the keys of an issuer come from, and whether the algorithms suit them.
    private mutating func issuer(_ issuer: JWTIssuerConfiguration, of jwt: JWTConfiguration, at path: SettingPath) {
        let sources = issuer.keySources
        guard let source = sources.first else {
            return reportLacking(
                path,
                "there are no keys to verify tokens with",
                "add jwks = \"https://issuer.example/.well-known/jwks.json\", or jwks_file, public_key or secret"
            )
        }
        if sources.count > 1 {
            report(
                path + sources[1],
                "the keys come from \(sources[0]) as well",
                "remove \(sources[0]) or \(sources[1])"
            )
        }
        if issuer.jwks != .missing {
            // A URL from code has not been parsed.
            do {
                _ = try ServiceURL(setting: issuer.jwks.settingValue)
            } catch {
                report(path + "jwks", issuer.jwks.settingValue, error)
            }
        }
        if issuer.publicKey.contains("PRIVATE KEY-----") {
            report(
                path + "public_key",
                "this is a private key, which only the issuer must have",
                "write its public key"
            )
        }
        self.algorithms(of: issuer, jwt, source, path)
    }

    private mutating func algorithms(
        of issuer: JWTIssuerConfiguration,
        _ jwt: JWTConfiguration,
        _ source: String,
        _ path: SettingPath
    ) {
        let place = (issuer.algorithms == nil ? SettingPath("auth", "jwt") : path) + "algorithms"
        let algorithms = issuer.algorithms ?? jwt.algorithms
        if algorithms?.isEmpty == true, !diagnostics.hasLost(elementsOf: place) {
            report(place, "the list is empty, so that no token is accepted", "write [\"RS256\"]")
        }
        for (index, algorithm) in (algorithms ?? []).enumerated() {
            if !issuer.secret.isEmpty, !algorithm.usesSecret {
                report(
                    place + index,
                    "\(algorithm.settingValue.quoted) needs a public key, not a secret",
                    "use HS256, or public_key instead of secret"
                )
            } else if issuer.secret.isEmpty, algorithm.usesSecret {
                report(
                    place + index,
                    "\(algorithm.settingValue.quoted) needs a secret: with a public key, anyone could sign tokens",
                    "use RS256, ES256 or EdDSA"
                )
            }
        }
        guard !issuer.secret.isEmpty else { return }
        let strongest = (algorithms ?? TokenIssuer.secretAlgorithms).max { ($0.hashLength ?? 0) < ($1.hashLength ?? 0) }
        if let strongest, let length = strongest.hashLength, issuer.secret.utf8.count < length {
            report(
                path + "secret",
                "the secret has fewer bytes than a hash of \(strongest.rawValue)",
                "use the output of `openssl rand -base64 \(length)`, or another random text of that length"
            )
        }
    }

    /// Issuers are told apart by their names.
    private mutating func issuerNames(_ jwt: JWTConfiguration, _ path: SettingPath) {
        guard !jwt.issuers.isEmpty else { return }
        let own = jwt.ownIssuer
        if !own.keySources.isEmpty, own.issuer.isEmpty {
            reportLacking("issuer", in: path, "several issuers are told apart by their names", "add issuer = \"…\"")
        }
        var names: Set<String> = own.keySources.isEmpty ? [] : [own.issuer]
        for (index, issuer) in jwt.issuers.enumerated() {
            let place = path + "issuers" + index
            if issuer.issuer.isEmpty {
                reportLacking(
                    "issuer",
                    in: place,
                    "several issuers are told apart by their names",
                    "add issuer = \"…\""
                )
            } else if !names.insert(issuer.issuer).inserted {
                report(place + "issuer", "\(JSONText.quoted(issuer.issuer)) is an issuer already", "remove one of them")
            }
        }
    }

    private mutating func shared(
        _ leeway: TimeSpan,
        _ cache: TimeSpan,
        _ refresh: TimeSpan,
        _ path: SettingPath,
        _ issuer: JWTIssuerConfiguration? = nil
    ) {
        if issuer == nil || issuer?.leeway != nil { within(.zero...(.minutes(5)), leeway, path + "leeway") }
        if issuer == nil || issuer?.cache != nil { within(.zero...(.hours(24)), cache, path + "cache") }
        if issuer == nil || issuer?.refresh != nil { within(.seconds(1)...(.hours(24)), refresh, path + "refresh") }
    }

    private mutating func claims(
        _ consumer: String,
        _ audience: [String],
        _ required: [String],
        _ path: SettingPath
    ) {
        if consumer.isEmpty {
            report(path + "consumer_claim", "consumers need a name", "write \"sub\"")
        }
        for (index, name) in audience.enumerated() where name.isEmpty {
            report(path + "audience" + index, "an audience cannot be empty", "write the name of this service")
        }
        for (index, name) in required.enumerated() where name.isEmpty {
            report(path + "required" + index, "a claim needs a name", "write \"exp\"")
        }
    }
}

extension JWTConfiguration {
    /// The issuer that `[auth.jwt]` itself describes.
    var ownIssuer: JWTIssuerConfiguration {
        var own = JWTIssuerConfiguration()
        own.jwks = self.jwks
        own.jwksFile = self.jwksFile
        own.publicKey = self.publicKey
        own.secret = self.secret
        own.issuer = self.issuer
        return own
    }
}
