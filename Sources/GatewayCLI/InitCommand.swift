internal import ArgumentParser
internal import FoundationEssentials
internal import Gateway

/// `gateway init`: writes a commented starter configuration.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a commented starter gateway.toml into this folder."
    )

    @Option(name: .long, help: ArgumentHelp("The API that the gateway stands in front of.", valueName: "url"))
    var to: String?

    @Flag(name: .long, help: "Replace a gateway.toml that is already there.")
    var force = false

    func validate() throws {
        guard let to else { return }
        do {
            _ = try GatewayConfiguration.to(url: to)
        } catch {
            throw ValidationError(error.description)
        }
    }

    func run() throws {
        let file = "gateway.toml"
        // Without --force a file that appears meanwhile must not be replaced either.
        let options: Data.WritingOptions = force ? .atomic : .withoutOverwriting
        do {
            try Data(StarterConfiguration.text(to: to).utf8).write(to: URL(fileURLWithPath: file), options: options)
        } catch let error as CocoaError where error.code == .fileWriteFileExists {
            StandardError.print(lines: ["\(file) is already there: write `gateway init --force` to replace it"])
            throw ExitCode(1)
        } catch {
            StandardError.print(lines: ["\(file) cannot be written: check the rights of this folder"])
            throw ExitCode(1)
        }
        try StandardOutput.print("Wrote \(file). Next: gateway check, then gateway run.")
    }
}
