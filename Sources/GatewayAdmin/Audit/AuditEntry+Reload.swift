package import GatewaySettings

extension AuditEntry {
    /// A reload that is applied, with the diff.
    package static func reload(by actor: AuditActor, _ changes: ConfigurationComparison) -> Self {
        Self(.reload, by: actor, after: changes.json)
    }

    /// A reload that was refused. The places of the errors tell enough; the messages may quote what is wrong.
    package static func refusedReload(by actor: AuditActor, _ errors: [ConfigurationError]) -> Self {
        let places = errors.prefix(10).map { error -> JSONValue in
            ["line": .integer(error.line), "key": .string(error.key)]
        }
        return Self(.reload, by: actor, after: ["errors": .array(places)], result: "refused")
    }
}
