import GatewaySettings

/// A file of users as `htpasswd` writes it: a line `name:hash` per user. Blank lines and lines that begin with `#` are
/// ignored.
package enum PasswordFile {
    /// A line that cannot be used.
    package struct Mistake: Hashable, Sendable, CustomStringConvertible {
        package let line: Int
        package let problem: String
        package let suggestion: String

        package var description: String { "line \(self.line): \(self.problem): \(self.suggestion)" }
    }

    package enum OnRead: Sendable {
        case users([PasswordUsers.User])
        /// At least one.
        case mistakes([Mistake])
    }

    /// - Parameter known: The names in the configuration, which the file must not have again.
    package static func read(_ text: String, known: some Collection<String> = []) -> OnRead {
        var names = Set(known)
        var users: [PasswordUsers.User] = []
        var mistakes: [Mistake] = []
        // Characters would take the two of a Windows line ending for one.
        for (index, bytes) in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            var line = Substring(bytes)
            if line.unicodeScalars.last == "\r" { line.unicodeScalars.removeLast() }
            if line.first == "#" || line.allSatisfy(\.isWhitespace) { continue }
            do throws(SettingError) {
                users.append(try Self.user(line, &names))
            } catch {
                mistakes.append(Mistake(line: index + 1, problem: error.problem, suggestion: error.suggestion))
            }
        }
        return mistakes.isEmpty ? .users(users) : .mistakes(mistakes)
    }

    private static func user(_ line: Substring, _ names: inout Set<String>) throws(SettingError) -> PasswordUsers.User {
        guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            throw SettingError("there is no colon after the name", suggestion: "write NAME:HASH")
        }
        let name = String(line[..<colon])
        let shown = JSONText.quoted(name)
        if let problem = ConfigurationValidator.problem(ofUserName: name) {
            throw SettingError("\(shown) \(problem)", suggestion: "choose another name")
        }
        // Some tools write further fields after the hash.
        let written = line[line.utf8.index(after: colon)...].prefix { $0 != ":" }
        let hash: PasswordHash
        do throws(SettingError) {
            hash = try PasswordHash.parse(String(written))
        } catch {
            throw SettingError("the password of \(shown) \(error.problem)", suggestion: "run `htpasswd -B FILE NAME`")
        }
        if hash == .missing {
            throw SettingError("\(shown) has no password", suggestion: "run `htpasswd -B FILE NAME`")
        }
        guard names.insert(name).inserted else {
            throw SettingError("\(shown) is a user already", suggestion: "remove one of the two")
        }
        return PasswordUsers.User(name: name, password: hash)
    }
}
