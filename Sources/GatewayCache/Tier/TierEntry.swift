/// An entry of the stream of purges, as text: version, gateway, how, what, and its value.
///
///     1 00c0ffee00c0ffee hard url https://example.com/a
package struct TierEntry: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case purge(Purge)
        /// The first entry of a stream.
        case beginning
    }

    package var gateway: UInt64
    package var content: Content

    package init(gateway: UInt64, content: Content) {
        self.gateway = gateway
        self.content = content
    }

    package var purge: Purge? { if case .purge(let purge) = self.content { purge } else { nil } }

    package var text: String {
        let hex = String(self.gateway, radix: 16)
        switch self.content {
        case .beginning: return "1 \(hex) hard beginning "
        case .purge(let purge):
            let (kind, value) = Self.parts(of: purge.subject)
            return "1 \(hex) \(purge.isSoft ? "soft" : "hard") \(kind) \(value)"
        }
    }

    /// Reads an entry. One of another version, or that is damaged, purges everything: nobody knows what it was meant to purge.
    package init(_ text: String) {
        let parts = text.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
        self.init(gateway: 0, content: .purge(Purge(.all, isSoft: false)))
        guard parts.count == 5, parts[0] == "1", let gateway = UInt64(parts[1], radix: 16) else { return }
        guard parts[2] == "hard" || parts[2] == "soft" else { return }
        if parts[3] == "beginning" {
            self.init(gateway: gateway, content: .beginning)
        } else if let subject = Self.subject(parts[3], String(parts[4])) {
            self.init(gateway: gateway, content: .purge(Purge(subject, isSoft: parts[2] == "soft")))
        }
    }

    private static func parts(of subject: Purge.Subject) -> (String, String) {
        switch subject {
        case .all: ("all", "")
        case .route(let name): ("route", name)
        case .tag(let tag): ("tag", tag)
        case .url(let url): ("url", url)
        case .prefix(let prefix): ("prefix", prefix)
        }
    }

    private static func subject(_ kind: Substring, _ value: String) -> Purge.Subject? {
        switch kind {
        case "all": .all
        case "route": .route(value)
        case "tag": .tag(value)
        case "url": .url(value)
        case "prefix": .prefix(value)
        default: nil
        }
    }
}
