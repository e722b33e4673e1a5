import FoundationEssentials
import NIOConcurrencyHelpers

/// Reads the envelopes of a ``ScriptedUpstream`` that plays Sentry.
struct SentryEnvelopes {
    /// What tests look at in an event.
    struct Event: Decodable {
        struct Values<Element: Decodable>: Decodable { let values: [Element] }
        struct Problem: Decodable { let type: String, value: String }
        struct Crumb: Decodable { let category: String, message: String }
        struct Request: Decodable { let method: String, url: String, queryString: String?, headers: [String: String] }
        struct User: Decodable { let id: String }
        struct Trace: Decodable { let traceId: String, spanId: String }
        struct Contexts: Decodable { let trace: Trace? }
        struct Span: Decodable { let op: String, parentSpanId: String }
        struct Extra: Decodable { let notSentBefore: Int? }

        let eventId: String
        let level: String?
        let environment: String
        let release: String
        let exception: Values<Problem>?
        let fingerprint: [String]?
        let tags: [String: String]
        let request: Request?
        let breadcrumbs: Values<Crumb>?
        let user: User?
        let contexts: Contexts?
        let spans: [Span]?
        let extra: Extra?

        var code: String { self.exception?.values.first?.type ?? "" }
    }

    private struct Header: Decodable { let eventId: String, dsn: String, sentAt: String }
    private struct ItemHeader: Decodable { let type: String, length: Int }

    /// A message that is no envelope.
    struct Malformed: Error { let text: String }

    let type: String
    let event: Event
    /// The whole envelope.
    let text: String

    /// Reads the body of a request as Sentry does: lines, and a payload whose length is in bytes.
    init(_ request: Message) throws {
        guard let text = request.decoded, request["Content-Encoding"] == "gzip" else {
            throw Malformed(text: "it is not compressed")
        }
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3 else { throw Malformed(text: text) }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let header = try decoder.decode(Header.self, from: Data(lines[0]))
        let item = try decoder.decode(ItemHeader.self, from: Data(lines[1]))
        guard lines[2].count == item.length + 1, lines[2].last == UInt8(ascii: "\n") else {
            throw Malformed(text: text)
        }
        self.event = try decoder.decode(Event.self, from: Data(lines[2].prefix(item.length)))
        guard header.eventId == self.event.eventId, !header.sentAt.isEmpty else { throw Malformed(text: text) }
        self.type = item.type
        self.text = text
    }
}

extension ScriptedUpstream {
    /// The value of `sentry.dsn` for this server.
    var dsn: String { "http://publickey@127.0.0.1:\(self.port)/prefix/42" }

    /// The envelopes received so far.
    var envelopes: [SentryEnvelopes] { self.requests.compactMap { try? SentryEnvelopes($0) } }
}
