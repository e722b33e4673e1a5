import GatewayHTTP
package import GatewaySettings

/// Something that needs attention, in words.
package struct Problem: Sendable, Hashable {
    /// What a problem is about.
    package enum Kind: String, CaseIterable, Sendable {
        case gateway, configuration, memory, files, log, certificate, name, target, circuit, upstream, redis, webhook,
            events
        case alert
    }

    package var kind: Kind
    /// What of that kind, such as the name of an upstream. It tells problems of a kind apart, together with `part`.
    package var subject: String
    /// A part of the subject, such as a target.
    package var part = ""
    package var severity: EventSeverity
    /// What is wrong, such as `target 127.0.0.1:9002 of users is down`.
    package var what: String
    /// Why, such as `refused`; empty if there is nothing to say.
    package var why = ""
    /// When it began, in milliseconds since 1970; nil if the source does not know.
    package var since: Int64?

    /// Identifies a problem while it lasts.
    package struct Identity: Hashable, Sendable {
        let kind: Kind
        let subject: String
        let part: String
    }

    package var identity: Identity { Identity(kind: self.kind, subject: self.subject, part: self.part) }

    /// The whole sentence, such as `target 127.0.0.1:9002 of users is down since 12:03: refused`. Times are UTC.
    ///
    /// - Parameter now: In milliseconds since 1970.
    package func text(at now: Int64) -> String {
        let since = self.since.map { " since \(Self.clock($0, at: now))" } ?? ""
        return self.what + since + (self.why.isEmpty ? "" : ": \(self.why)")
    }

    /// Hours and minutes, with the date if it was not in the last 24 hours.
    private static func clock(_ time: Int64, at now: Int64) -> String {
        let text = CivilTime.rfc3339(milliseconds: time)
        let clock = text.dropFirst(11).prefix(5)
        return now - time < 86_400_000 ? String(clock) : "\(text.prefix(10)) \(clock)"
    }

    /// Returns `{"since","severity","kind","subject","text"}`.
    package func json(at now: Int64) -> JSONValue {
        [
            "since": self.since.map { .string(CivilTime.rfc3339(milliseconds: $0)) } ?? .null,
            "severity": .string(self.severity.rawValue),
            "kind": .string(self.kind.rawValue),
            "subject": .string(self.subject),
            "text": .string(self.text(at: now)),
        ]
    }
}
