package import GatewayCore
package import GatewaySettings

/// What is promised about the events of one type.
package struct EventDescription: Sendable {
    package let type: String
    /// The topic, in which `NAME` is that of a route or upstream.
    package let topic: String
    /// Usually one.
    package let severities: [EventSeverity]
    /// A sentence that says when the event is published.
    package let when: String
    package let fields: [Field]

    /// A member of `data`.
    package struct Field: Sendable {
        package enum Kind: String, Sendable {
            case string, integer, number, boolean, array, object
        }

        package let name: String
        package let kind: Kind
        package let isOptional: Bool
        /// What it is, without a full stop.
        package let meaning: String
    }

    /// What an event has that it should not, or lacks; empty if it is as described.
    package func deviations(of event: GatewayEvent) -> [String] {
        var deviations: [String] = []
        if event.type != self.type { deviations.append("type \(event.type)") }
        if !self.isTopic(event.topic) { deviations.append("topic \(event.topic)") }
        if !self.severities.contains(event.severity) { deviations.append("severity \(event.severity.rawValue)") }
        let known = Set(self.fields.map(\.name))
        deviations += event.data.keys.filter { !known.contains($0) }.sorted().map { "unknown \($0)" }
        for field in self.fields {
            guard let value = event.data[field.name] else {
                if !field.isOptional { deviations.append("no \(field.name)") }
                continue
            }
            if !field.kind.accepts(value) { deviations.append("\(field.name) is no \(field.kind.rawValue)") }
        }
        return deviations
    }

    private func isTopic(_ topic: String) -> Bool {
        guard self.topic.hasSuffix("NAME") else { return topic == self.topic }
        let prefix = self.topic.dropLast(4)
        return topic.hasPrefix(prefix) && topic.utf8.count > prefix.utf8.count
    }
}

extension EventDescription.Field.Kind {
    fileprivate func accepts(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.string, .string), (.integer, .integer), (.boolean, .boolean), (.array, .array), (.object, .object),
            (.number, .number), (.number, .integer):
            true
        default: false
        }
    }
}
