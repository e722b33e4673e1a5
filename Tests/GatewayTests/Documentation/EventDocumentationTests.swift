import Testing

@testable import GatewayEvents
@testable import GatewaySettings

/// Compares `docs/events.md` with the catalog of events.
struct EventDocumentationTests {
    @Test func `the manual lists every event with its data`() throws {
        let kinds = Self.grouped.map { topic, events in
            let parts = events.map { event in
                let rows = event.fields.map { field in
                    "| `\(field.name)` | \(field.kind.rawValue)\(field.isOptional ? ", optional" : "") | \(field.meaning) |\n"
                }
                let severities = event.severities.map { "`\($0.rawValue)`" }.joined(separator: ", ")
                return
                    "#### `\(event.type)`\n\n\(event.when) Severity: \(severities).\n\n| data | type | meaning |\n|---|---|---|\n"
                    + rows.joined()
            }
            return "### Topic `\(topic)`\n\n" + parts.joined(separator: "\n")
        }
        try GeneratedFile(path: "docs/events.md", suite: "EventDocumentationTests")
            .expect(blocks: [("events", kinds.joined(separator: "\n"))])
    }

    /// By topic, in the order of the catalog.
    private static var grouped: [(topic: String, events: [EventDescription])] {
        var groups: [(topic: String, events: [EventDescription])] = []
        for event in EventCatalog.all {
            if groups.last?.topic == event.topic {
                groups[groups.count - 1].events.append(event)
            } else {
                groups.append((event.topic, [event]))
            }
        }
        return groups
    }

    @Test func `each type is in the catalog once, and its topic is known`() {
        #expect(Set(EventCatalog.all.map(\.type)).count == EventCatalog.all.count)
        for event in EventCatalog.all {
            #expect(EventTopics.problem(of: event.topic) == nil, "\(event.topic)")
            #expect(event.when.hasSuffix("."))
            #expect(Set(event.fields.map(\.name)).count == event.fields.count, "\(event.type)")
        }
    }

    /// Files that publish name types of events, and some other things that look like them.
    @Test func `what the sources publish is in the catalog, and the other way round`() throws {
        let type = /"((?:upstream|circuit|config|gateway|redis|tls|webhook|error|rate_limit|auth|csp|alert)\.[a-z_]+)"/
        var (named, published): (Set<String>, Set<String>) = ([], [])
        for path in Repository.files(in: "Sources", withExtension: "swift") where !path.contains("/Catalog/") {
            let source = try Repository.read(path)
            // A regular expression takes a minute for all sources.
            guard source.contains("Event") else { continue }
            let types = source.matches(of: type).map { String($0.output.1) }
            named.formUnion(types)
            let publishes = ["GatewayEvent(", "PacedEvent(", ".publish("].contains { source.contains($0) }
            if publishes { published.formUnion(types) }
        }
        let known = Set(EventCatalog.all.map(\.type))
        // `webhook.test` goes to one webhook only, when somebody asks for it.
        #expect(published.subtracting(known) == ["auth.verdict", "webhook.test"])
        #expect(known.subtracting(named) == [])
    }
}
