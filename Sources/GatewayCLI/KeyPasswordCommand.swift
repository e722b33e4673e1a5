import ArgumentParser
import Gateway
import GatewayAccess
import GatewayCore
import GatewaySettings

/// `gateway key password NAME`: hashes a password for basic authentication.
struct KeyPasswordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password",
        abstract: "Hash a password for [auth.basic.users] or a file of users.",
        discussion: """
            Asks for the password twice on a terminal, without showing it. Otherwise reads one line from standard \
            input.
            """
    )

    @Argument(help: "The user's name.")
    var name: String

    @Flag(name: .long, help: "Print a line for the file instead, as htpasswd writes it.")
    var htpasswd = false

    func validate() throws {
        if let problem = ConfigurationValidator.problem(ofUserName: self.name) {
            throw ValidationError("\(JSONText.quoted(self.name)) \(problem): choose another name")
        }
    }

    func run() throws {
        let password = try Self.password()
        if let problem = Self.problem(of: password) { throw KeyError(problem) }
        var random = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
        guard let hash = PasswordHash(hashing: password, salt: salt) else {
            throw KeyError("cannot hash the password")
        }
        let key = SettingPath(self.name).description
        try StandardOutput.print(
            self.htpasswd ? "\(self.name):\(hash.text)" : "\(key) = \(JSONText.quoted(hash.text))"
        )
    }

    private static func password() throws -> [UInt8] {
        guard SecretInput.isTerminal else { return try SecretInput.line() }
        let first = try SecretInput.ask("Password: ")
        // Before the user types it again.
        if let problem = Self.problem(of: first) { throw KeyError(problem) }
        guard try SecretInput.ask("Again: ") == first else { throw KeyError("the passwords differ") }
        return first
    }

    /// Says why a password cannot be used (RFC 7617 section 2).
    private static func problem(of password: [UInt8]) -> String? {
        if password.isEmpty { return "the password is empty" }
        if password.count > PasswordHash.bcryptLength {
            return
                "bcrypt uses the first \(Plural.of(PasswordHash.bcryptLength, "byte")) of a password: choose a shorter one"
        }
        if String(validating: password, as: UTF8.self) == nil { return "the password is not UTF-8" }
        if password.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "the password has control characters" }
        return nil
    }
}

/// Why a key or a password could not be made.
struct KeyError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
