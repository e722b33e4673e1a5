import ArgumentParser

/// `gateway completion`: prints a completion script for a shell.
struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a completion script for a shell.",
        discussion: """
            To try it: source <(gateway completion bash). docs/cli.md says where each shell looks for the file.
            """
    )

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish

        fileprivate var completionShell: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        let script = GatewayCommand.completionScript(for: self.shell.completionShell)
        try StandardOutput.print(Self.withoutInterpreter(script))
    }

    /// Returns the script without its `#!` line. Shells source the file, and packages reject the line.
    private static func withoutInterpreter(_ script: String) -> String {
        guard script.hasPrefix("#!"), let end = script.firstIndex(of: "\n") else { return script }
        return String(script[end...].drop(while: \.isNewline))
    }
}
