import ArgumentParser
import GatewayAccess
import GatewayCore
import GatewaySettings

/// `gateway key new`: makes an API key. Only its digest is kept.
struct NewKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make an API key, and the table that lets the gateway accept it.",
        discussion: """
            The first line of the output is the key. It is shown only now. The table below it has only the key's digest: \
            add it to gateway.toml, or to the file of auth.api_key.file as [[keys]].
            """
    )

    @Argument(help: "The consumer that gets the key. Several keys of one name are the same consumer's.")
    var name: String

    @Option(help: "The consumer's plan.")
    var plan: String?

    @Option(help: "What the key allows, as words separated by commas.")
    var scope: String?

    @Option(help: "When the key stops working: 2027-01-01, or 2027-01-01T12:00:00Z.")
    var expires: String?

    func validate() throws {
        var key = KeyConfiguration()
        key.name = self.name
        if let problem = key.problem, problem.key == "name" { throw ValidationError(problem.problem) }
        guard let expires = self.expires else { return }
        guard let expiry = try? Expiry(setting: .string(expires)) else {
            throw ValidationError(
                "\(JSONText.quoted(expires)) is not a date: write 2027-01-01, or 2027-01-01T12:00:00Z"
            )
        }
        guard expiry.seconds > Platform.unixMilliseconds() / 1000 else {
            throw ValidationError("\(expires) has passed")
        }
    }

    func run() throws {
        var random = SystemRandomNumberGenerator()
        let key = NewKey(using: &random)
        var lines = [key.text, "", "[[auth.api_key.keys]]", "name = \(JSONText.quoted(self.name))"]
        lines.append("sha256 = \"\(key.digest.hexadecimal)\"")
        if let plan = self.plan, !plan.isEmpty { lines.append("plan = \(JSONText.quoted(plan))") }
        let words = (self.scope ?? "").split { $0 == "," || $0 == " " }.map { JSONText.quoted(String($0)) }
        if !words.isEmpty { lines.append("scope = [\(words.joined(separator: ", "))]") }
        if let expires = self.expires { lines.append("expires = \(expires)") }
        try StandardOutput.print(lines.joined(separator: "\n"))
    }
}
