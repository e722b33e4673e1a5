import ArgumentParser
import Gateway
import GatewayCore
import GatewayHTTP
import GatewaySettings

/// `gateway explain`: explains how the gateway handles a request.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show which route matches a request, what the chain does with it, and where it goes.",
        discussion: """
            Sends nothing. Exits with 1 if no route matches.

            Examples:
              gateway explain GET http://api.example.com/users/7 -H 'X-Api-Version: 2'
              gateway explain GET https://api.example.com/users/7
              gateway explain POST /upload --from 203.0.113.9 -H 'Content-Length: 50000000'
            """
    )

    @Argument(help: "The method, such as GET.")
    var method: String

    @Argument(help: "http://host/path?query, https://host/path?query, or only the path.")
    var url: String

    @Option(
        name: .customShort("H"),
        help: ArgumentHelp("A header field of the request. Repeatable.", valueName: "name: value")
    )
    var header: [String] = []

    @Option(help: ArgumentHelp("The address the request comes from. Default: 127.0.0.1.", valueName: "ip"))
    var from: String?

    @OptionGroup var file: ConfigurationFile

    @Flag(help: "Show every setting, not only those that differ from the defaults.")
    var all = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        for header in self.header where !header.contains(":") {
            throw ValidationError("-H \"\(header)\" is not a header: write -H 'Name: value'")
        }
        if let from, IPAddress(from) == nil {
            throw ValidationError("--from \"\(from)\" is not an address: write --from 192.0.2.1")
        }
        do throws(ExplainedRequest.Invalid) {
            _ = try self.request(authority: "localhost")
        } catch {
            throw ValidationError(error.description)
        }
    }

    func run() async throws {
        let (configuration, _) = try await self.file.readOrDemo()
        var authority = "localhost"
        if case .host? = configuration.server.listen.first?.location { authority = "\(configuration.server.listen[0])" }
        let explanation = try RequestExplanation(self.request(authority: authority), configuration: configuration)
        if self.json {
            try StandardOutput.print(explanation.json)
        } else {
            let isColored = LogDestination.standardOutput.isColored
            let text = ExplanationText(explanation: explanation, isColored: isColored, showsAll: self.all).text
            try StandardOutput.print(text)
        }
        if case .redirected = explanation.verdict { return }
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

    /// Returns the text without surrounding white space (RFC 9110 section 5.5).
    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
