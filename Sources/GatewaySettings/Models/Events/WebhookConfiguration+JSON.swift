package import GatewayHTTP

/// The settings of a webhook as JSON, for the API. TOML and JSON have the same keys and the same rules.
extension WebhookConfiguration {
    /// The path that the settings would have in a file, which errors and redaction go by.
    private static let place = SettingPath("events", "webhooks") + 0

    /// Reads and checks settings.
    ///
    /// - Parameters:
    ///   - members: The settings. `null` is the default.
    ///   - addresses: The addresses that URLs may have.
    /// - Throws: All errors. Their keys are relative to the settings.
    package init(json members: JSONValue, addresses: AddressPolicy) throws(ConfigurationErrors) {
        guard case .object(let given) = members else {
            throw ConfigurationErrors([ConfigurationError("must be a JSON object")])
        }
        var walker = SettingWalker(middlewares: [], diagnostics: ConfigurationDiagnostics())
        var entries: [String: SettingNode] = [:]
        for member in given where member.value != .null {
            guard let value = SettingValue(member.value) else {
                let problem = "a list cannot contain null"
                walker.diagnostics.report(problem, suggestion: "remove it", path: Self.place + member.name, at: nil)
                continue
            }
            entries[member.name] = SettingNode(value, source: .code)
        }
        let node = walker.walk(
            SettingNode(.table(entries), source: .code),
            .table(SettingSchema.of(WebhookConfiguration())),
            at: Self.place
        )
        var configuration = GatewayConfiguration()
        configuration.events.allowPrivate = addresses == .all
        var settings = WebhookConfiguration()
        do {
            settings = try SettingDecoder.decode(WebhookConfiguration.self, from: node, at: Self.place)
        } catch {
            let errors = walker.diagnostics.errors
            throw ConfigurationErrors(errors.isEmpty ? [ConfigurationError("\(error)")] : errors).relative(
                to: Self.place
            )
        }
        var validator = ConfigurationValidator(
            configuration: configuration,
            vocabulary: ConfigurationVocabulary(middlewares: [], adminPaths: []),
            diagnostics: walker.diagnostics
        )
        validator.webhook(settings, Self.place)
        let errors = validator.diagnostics.errors
        guard errors.isEmpty else { throw ConfigurationErrors(errors).relative(to: Self.place) }
        self = settings
    }

    /// All settings with their secrets, for patches and for storage.
    package var json: JSONValue { JSONValue(SettingSchema.written(self)) }

    /// The settings as they may be shown: without the secret and the key of an integration, and without the values of
    /// fields.
    ///
    /// - Parameter showsURL: Whether the path and the query of the URL are shown, which often contain a secret.
    package func shown(showsURL: Bool) -> JSONValue {
        guard case .table(var table) = SettingSchema.written(self).redacted(at: Self.place, in: nil) else { return [:] }
        table["secret"] = nil
        if showsURL { table["url"] = .string(self.url.origin + self.url.path) }
        if self.routingKey.isEmpty { table["routing_key"] = nil }
        if self.body.isEmpty { table["body"] = nil }
        return JSONValue(.table(table))
    }
}

extension ConfigurationErrors {
    /// The errors with keys that begin below a table.
    fileprivate func relative(to table: SettingPath) -> ConfigurationErrors {
        ConfigurationErrors(
            self.errors.map { error in
                var error = error
                let place = table.description
                if error.key.hasPrefix(place) {
                    error.key = String(error.key.dropFirst(place.count).drop { $0 == "." })
                }
                return error
            }
        )
    }
}

extension SettingValue {
    /// Nil if there is a null, which settings do not have. Members of objects that are null are left out.
    fileprivate init?(_ json: JSONValue) {
        switch json {
        case .null: return nil
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let value): self = .string(value)
        case .array(let values):
            let list = values.compactMap { SettingValue($0) }
            guard list.count == values.count else { return nil }
            self = .list(list)
        case .object(let members):
            var table: [String: SettingValue] = [:]
            for member in members where member.value != .null {
                guard let value = SettingValue(member.value) else { return nil }
                table[member.name] = value
            }
            self = .table(table)
        }
    }
}

extension JSONValue {
    /// Returns the value with a merge patch applied (RFC 7396 section 2).
    package func merging(_ patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members: [Member] = if case .object(let members) = self { members } else { [] }
        for change in changes {
            let index = members.firstIndex { $0.name == change.name }
            switch (change.value, index) {
            case (.null, let index?): members.remove(at: index)
            case (.null, nil): break
            case (let value, let index?): members[index].value = members[index].value.merging(value)
            case (let value, nil): members.append(Member(name: change.name, value: JSONValue.null.merging(value)))
            }
        }
        return .object(members)
    }
}
