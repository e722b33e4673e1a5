import ArgumentParser
import FoundationEssentials
import Gateway
import GatewaySettings

/// `gateway init`: writes a commented starter configuration.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a commented starter gateway.toml to the current directory."
    )

    @Option(name: .long, help: ArgumentHelp("The API to put the gateway in front of.", valueName: "url"))
    var to: String?

    @Flag(name: .long, help: "Replace an existing gateway.toml.")
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
        // Without --force, do not replace a file that was created in the meantime.
        let options: Data.WritingOptions = force ? .atomic : .withoutOverwriting
        do {
            try Data(StarterConfiguration.text(to: to).utf8).write(to: URL(fileURLWithPath: file), options: options)
        } catch let error as CocoaError where error.code == .fileWriteFileExists {
            StandardError.print(lines: ["\(file) already exists: use `gateway init --force` to replace it"])
            throw ExitCode(1)
        } catch {
            StandardError.print(lines: ["cannot write \(file): check the permissions of this directory"])
            throw ExitCode(1)
        }
        try StandardOutput.print("Wrote \(file). Next: gateway check, then gateway run.")
    }
}
