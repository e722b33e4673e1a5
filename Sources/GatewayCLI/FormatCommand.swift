import ArgumentParser
import GatewayFormatting
import GatewaySettings

/// `gateway fmt`: formats TOML files.
struct FormatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt",
        abstract: "Format configuration files.",
        discussion: """
            Rewrites each file in one style and prints the names of those that changed. Values, their order and comments \
            stay as they are. Any TOML 1.0 file will do.

            Exits with 0 if all files are formatted, with 1 if --check finds one that is not, and with 2 if a file is not \
            valid TOML. Such a file is left alone.
            """
    )

    @Argument(
        help: ArgumentHelp(
            "The files; - formats standard input to standard output.",
            discussion: "Default: $GATEWAY_CONFIG, or else gateway.toml.",
            valueName: "file"
        ),
        completion: .file(extensions: ["toml"])
    )
    var files: [String] = []

    @Flag(name: .long, help: "Change nothing, and print the names of files that are not formatted.")
    var check = false

    func validate() throws {
        guard self.files.count < 2 || !self.files.contains("-") else {
            throw ValidationError("'-' must be the only file.")
        }
    }

    func run() throws {
        let files = self.files.isEmpty ? [Environment.current["GATEWAY_CONFIG"] ?? "gateway.toml"] : self.files
        var code: Int32 = 0
        for file in files {
            do {
                if try self.format(file), self.check { code = max(code, 1) }
            } catch let error as ConfigurationErrors {
                StandardError.print(lines: error.errors.map(\.description))
                code = 2
            } catch let error as FileReplacementError {
                StandardError.print(lines: ["\(file): \(error)"])
                code = max(code, 1)
            }
        }
        if code != 0 { throw ExitCode(code) }
    }

    /// Formats the file unless only a check is wanted, and returns whether its text differs.
    private func format(_ file: String) throws -> Bool {
        let isInput = file == "-"
        let replacement = isInput || self.check ? nil : try FileReplacement(of: file)
        let text = try TextFile.configuration(isInput ? "/dev/stdin" : file)
        let formatted = try TOMLFormatter.formatted(text, file: file)
        // Strings compare equal if they differ only in how they compose characters.
        let differs = !text.utf8.elementsEqual(formatted.utf8)
        if isInput, !self.check {
            try StandardOutput.write(formatted)
        } else if differs {
            try replacement?.write(formatted)
            try StandardOutput.print(file)
        }
        return differs
    }
}
