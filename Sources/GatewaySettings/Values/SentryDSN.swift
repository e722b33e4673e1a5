/// The address of a project in Sentry: `https://KEY@HOST/PROJECT`, `https://KEY:SECRET@HOST:PORT/PREFIX/PROJECT`.
package struct SentryDSN: Hashable, Sendable {
    /// The public key.
    package let key: String
    /// The secret key of old addresses; empty if there is none.
    package let secret: String
    /// Where envelopes are posted.
    package let endpoint: ServiceURL
    /// The address without the secret, as envelopes name it.
    package let publicForm: String

    package static func parse(_ text: String) throws(SettingError) -> SentryDSN {
        guard let separator = text.firstRange(of: "://"), let at = text.lastIndex(of: "@"),
            at >= separator.upperBound
        else {
            throw text.contains("@") ? Self.notADSN : Self.mistake("has no key before the host")
        }
        let scheme = text[..<separator.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" else { throw Self.notADSN }
        let credentials = text[separator.upperBound..<at].split(
            separator: ":",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        // They become parameters of a header field.
        guard credentials.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isSafe) }) else {
            throw Self.mistake("has a key with other characters than letters, digits, - and _")
        }
        let rest = text[text.index(after: at)...]
        guard let slash = rest.lastIndex(of: "/"), rest.index(after: slash) < rest.endIndex else {
            throw Self.mistake("has no project after the host")
        }
        let project = rest[rest.index(after: slash)...]
        guard project.utf8.allSatisfy(Self.isSafe) else {
            throw Self.mistake("has a project with other characters than letters, digits, - and _")
        }
        let server = rest[..<slash]
        guard let endpoint = ServiceURL("\(scheme)://\(server)/api/\(project)/envelope/"),
            !endpoint.path.contains("?")
        else { throw Self.notADSN }
        return SentryDSN(
            key: String(credentials[0]),
            secret: credentials.count > 1 ? String(credentials[1]) : "",
            endpoint: endpoint,
            publicForm: "\(scheme)://\(credentials[0])@\(rest)"
        )
    }

    private static var notADSN: SettingError { Self.mistake("is not the DSN of a project") }

    /// The problem does not quote the DSN, which is a credential.
    private static func mistake(_ problem: String) -> SettingError {
        SettingError(
            problem,
            suggestion: "write \"https://KEY@HOST/PROJECT\", as the project's settings in Sentry show it"
        )
    }

    private static func isSafe(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
