import ArgumentParser

/// `gateway key`: makes credentials for `gateway.toml`.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make credentials for gateway.toml.",
        subcommands: [NewKeyCommand.self, KeyPasswordCommand.self]
    )
}
