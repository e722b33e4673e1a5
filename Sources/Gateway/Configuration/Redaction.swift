/// Hides what `GET /config` and `explain` must not show: text from environment variables, and keys that name a secret.
enum Redaction {
    static let mark = SettingValue.string("[redacted]")

    /// Whether the last key names a secret: `token`, `client_secret`, `password`.
    static func isSecret(_ path: SettingPath) -> Bool {
        let last = path.steps.last { step in
            if case .key = step { true } else { false }
        }
        guard case .key(let name)? = last else { return false }
        let words = name.lowercased().split { $0 == "_" || $0 == "-" }
        return words.contains { ["token", "secret", "password"].contains($0) }
    }
}

extension SettingNode {
    /// The node without its secrets.
    func redacted(at path: SettingPath) -> SettingNode {
        var result = self
        switch content {
        case .scalar(.string("")): break
        case .scalar where isFromEnvironment || Redaction.isSecret(path): result.content = .scalar(Redaction.mark)
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
    /// The whole configuration with its defaults, as it would be written, without secrets.
    package func redacted() -> SettingValue {
        let environment = document.root
        func redact(_ value: SettingValue, _ path: SettingPath) -> SettingValue {
            switch value {
            case .list(let values): .list(values.enumerated().map { redact($0.element, path + $0.offset) })
            case .table(let entries):
                .table(Dictionary(uniqueKeysWithValues: entries.map { ($0.key, redact($0.value, path + $0.key)) }))
            case .string(""): value
            default:
                Redaction.isSecret(path) || environment?.nearest(to: path).isFromEnvironment == true
                    ? Redaction.mark : value
            }
        }
        return redact(written, SettingPath())
    }

    /// The whole configuration with its defaults, as it would be written.
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
