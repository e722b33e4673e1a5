import ArgumentParser

/// `gateway audit`: what concerns audit logs.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Check audit logs.",
        subcommands: [AuditVerifyCommand.self]
    )
}
