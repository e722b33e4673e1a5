internal import ArgumentParser

@main
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "A reverse-proxy gateway in front of HTTP APIs.",
        subcommands: [RunCommand.self, CheckCommand.self, InitCommand.self, SchemaCommand.self]
    )
}
