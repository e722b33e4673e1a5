internal import ArgumentParser
internal import Gateway

/// `gateway explain`: says what would become of a request.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say which route takes a request, the chain it passes and where it goes.",
        discussion: """
            Sends nothing. Exit code 1 where no route takes the request.

            Example: gateway explain GET http://api.example.com/users/7 -H 'X-Api-Version: 2'
            """
    )

    @Argument(help: "GET, POST, …")
    var method: String

    @Argument(help: "http://host/path?query, or the path alone.")
    var url: String

    @Option(
        name: .customShort("H"),
        help: ArgumentHelp("A header of the request; may be repeated.", valueName: "name: value")
    )
    var header: [String] = []

    @Option(help: ArgumentHelp("The address that the request comes from. Default: 127.0.0.1.", valueName: "ip"))
    var from: String?

    @OptionGroup var file: ConfigurationFile

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        for header in self.header where !header.contains(":") {
            throw ValidationError("-H \"\(header)\" is no header: write -H 'Name: value'")
        }
        if let from, IPAddress(from) == nil {
            throw ValidationError("--from \"\(from)\" is no address: write --from 192.0.2.1")
        }
        do throws(ExplainedRequest.Invalid) {
            _ = try self.request(authority: "localhost")
        } catch {
            throw ValidationError(error.description)
        }
    }

    func run() throws {
        let (configuration, _) = try self.file.readOrDemo()
        var authority = "localhost"
        if case .host? = configuration.server.listen.first { authority = "\(configuration.server.listen[0])" }
        let explanation = try RequestExplanation(self.request(authority: authority), configuration: configuration)
        if self.json {
            try StandardOutput.print(explanation.json)
        } else {
            let isColored = LogDestination.standardOutput.isColored
            try StandardOutput.print(ExplanationText(explanation: explanation, isColored: isColored).text)
        }
        if explanation.routeName == nil { throw ExitCode(1) }
    }

    private func request(authority: String) throws(ExplainedRequest.Invalid) -> ExplainedRequest {
        let fields = self.header.map { header in
            let parts = header.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: Self.trimmed(parts[0]), value: Self.trimmed(parts[1]))
        }
        return try ExplainedRequest(
            method: self.method,
            url: self.url,
            fields: fields,
            peer: self.from.flatMap { IPAddress($0) } ?? .loopback,
            authority: authority
        )
    }

    /// Without the white space around it (RFC 9110, 5.5).
    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
