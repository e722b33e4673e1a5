/// Redacts what `GET /config` and `explain` must not show: text from environment variables, secrets by key, and header
/// fields that carry credentials.
package enum Redaction {
    package static let text = "[redacted]"
    static let mark = SettingValue.string(Self.text)

    /// Whether the last key names a secret: `token`, `client_secret`, `password`, `dsn`, or a field such as `Authorization`.
    static func isSecret(_ path: SettingPath) -> Bool {
        let keys = path.steps.compactMap { step in
            if case .key(let name) = step { name } else { nil }
        }
        guard let name = keys.last?.lowercased() else { return false }
        if self.isHash(path) { return true }
        if self.isField(keys), self.isCredential(field: name) { return true }
        if keys.count == 3, keys[0] == "tracing", keys[1] == "headers" { return true }
        if self.isWebhook(path), name == "routing_key" || keys.dropLast().last == "headers" { return true }
        let words = name.split { $0 == "_" || $0 == "-" }
        return words.contains { ["token", "secret", "password", "dsn"].contains($0) }
    }

    /// Whether the value is a hashed key or password: `auth.api_key.keys[0].sha256`, `auth.basic.users.NAME`,
    /// `auth.basic.users.NAME.password`.
    static func isHash(_ path: SettingPath) -> Bool {
        if path.steps.starts(with: SettingPath("auth", "api_key", "keys").steps) {
            return path.steps.last == .key("sha256")
        }
        guard path.steps.starts(with: SettingPath("auth", "basic", "users").steps) else { return false }
        return path.steps.count == 4 || path.steps.count == 5 && path.steps.last == .key("password")
    }

    /// Whether a value that is redacted is rarely a secret, so that it may be written in the file: a field of a webhook's
    /// requests that has no telling name.
    static func isHarmless(_ path: SettingPath) -> Bool {
        guard self.isWebhook(path), case .key(let name)? = path.steps.last else { return false }
        return path.steps.dropLast().last == .key("headers") && !self.isCredential(field: name.lowercased())
    }

    private static func isWebhook(_ path: SettingPath) -> Bool {
        path.steps.starts(with: [.key("events"), .key("webhooks")])
    }

    /// Whether the value is a URL whose path may be a secret too, as those of webhooks of chat services are.
    static func isWebhookURL(_ path: SettingPath) -> Bool { self.isWebhook(path) && path.steps.last == .key("url") }

    /// Whether the value is a URL that may contain a password or a token: `redis.url`, `auth.forward.url`, `jwks`,
    /// `events.webhooks[0].url`, `tracing.otlp`.
    static func isURL(_ path: SettingPath) -> Bool {
        if path == SettingPath("redis", "url") || path == SettingPath("auth", "forward", "url") { return true }
        if path == SettingPath("tracing", "otlp") { return true }
        if self.isWebhookURL(path) { return true }
        return path.steps.starts(with: [.key("auth"), .key("jwt")]) && path.steps.last == .key("jwks")
    }

    /// Returns the URL without what may be secret in it: the user information and the query, and the path of a webhook.
    static func withoutSecrets(_ url: String, at path: SettingPath) -> String {
        let url = self.withoutUserInformation(url)
        if self.isWebhookURL(path) {
            guard let url = ServiceURL(url) else { return self.text }
            return url.path == "/" ? url.origin + "/" : "\(url.origin)/\(self.text)"
        }
        guard let query = url.firstIndex(of: "?") else { return url }
        return url[...query] + self.text
    }

    /// Whether the keys lead to the value of a header field: `headers.request.set.NAME`, `respond.headers.NAME`,
    /// `health.headers.NAME`.
    private static func isField(_ keys: [String]) -> Bool {
        guard keys.count >= 3 else { return false }
        switch (keys[keys.count - 3], keys[keys.count - 2]) {
        case ("request", "set"), ("request", "add"), ("response", "set"), ("response", "add"), ("respond", "headers"),
            ("health", "headers"):
            return true
        default: return false
        }
    }

    /// Whether a header field carries a credential.
    ///
    /// - Parameter name: The name in lowercase.
    package static func isCredential(field name: String) -> Bool {
        ["authorization", "proxy-authorization", "cookie", "set-cookie"].contains(name)
            || ["token", "secret", "password", "api-key", "apikey", "credential"].contains { name.contains($0) }
    }

    /// Returns the text with the user information of a URL redacted, since it may contain a password (RFC 3986 section
    /// 3.2.1).
    static func withoutUserInformation(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        let scheme = text[..<at].firstRange(of: "://")
        if scheme == nil, !text[..<at].contains(":") { return text }
        return text[..<(scheme?.upperBound ?? text.startIndex)] + self.text + text[at...]
    }
}

extension SettingValue {
    /// The value in a form that messages may quote.
    var withoutUserInformation: SettingValue {
        switch self {
        case .string(let text): .string(Redaction.withoutUserInformation(text))
        case .list(let values): .list(values.map(\.withoutUserInformation))
        case .table(let entries): .table(entries.mapValues(\.withoutUserInformation))
        case .boolean, .integer, .number, .date: self
        }
    }
}

extension SettingValue {
    /// Returns the value with secrets redacted.
    ///
    /// - Parameters:
    ///   - path: The path of the value in `document`.
    ///   - document: What was written, to find values from the environment.
    func redacted(at path: SettingPath, in document: SettingNode?) -> SettingValue {
        switch self {
        case .list(let values):
            .list(values.enumerated().map { $0.element.redacted(at: path + $0.offset, in: document) })
        case .table(let entries):
            .table(
                Dictionary(
                    uniqueKeysWithValues: entries.map { ($0.key, $0.value.redacted(at: path + $0.key, in: document)) }
                )
            )
        case .string(""): self
        case .string(let text) where Redaction.isURL(path):
            document?.nearest(to: path).isFromEnvironment == true
                ? Redaction.mark : .string(Redaction.withoutSecrets(text, at: path))
        default:
            Redaction.isSecret(path) || document?.nearest(to: path).isFromEnvironment == true ? Redaction.mark : self
        }
    }
}

extension SettingNode {
    /// Returns the node with secrets redacted.
    package func redacted(at path: SettingPath) -> SettingNode {
        var result = self
        switch content {
        case .scalar(.string("")): break
        case .scalar where isFromEnvironment || Redaction.isSecret(path): result.content = .scalar(Redaction.mark)
        case .scalar(.string(let text)) where Redaction.isURL(path):
            result.content = .scalar(.string(Redaction.withoutSecrets(text, at: path)))
        case .scalar: break
        case .list(let elements):
            result.content = .list(elements.enumerated().map { $0.element.redacted(at: path + $0.offset) })
        case .table(let entries):
            result.content = .table(
                Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value.redacted(at: path + $0.key)) })
            )
        }
        return result
    }
}

extension GatewayConfiguration {
    /// Returns the whole configuration, including defaults, as it would be written in a file, with secrets redacted.
    package func redacted() -> SettingValue { written.redacted(at: SettingPath(), in: document.root) }

    /// The whole configuration, including defaults, as it would be written in a file.
    package var written: SettingValue {
        guard case .table(var entries) = SettingSchema.written(self) else { return .table([:]) }
        entries["routes"] = .list(
            routes.map { route in
                guard case .table(var table) = SettingSchema.written(route) else { return .table([:]) }
                table["middleware"] = nil
                return .table(table.merging(route.middleware.nodes.mapValues(\.value)) { _, own in own })
            }
        )
        return .table(entries)
    }
}
