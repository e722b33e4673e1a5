import GatewaySettings

extension Webhook {
    /// Whether the webhook receives an event, if it is enabled.
    package func wants(_ event: Event) -> Bool {
        let types = self.settings.events
        return (types.isEmpty || types.contains { WebhookConfiguration.pattern($0, matches: event.type) })
            && self.settings.filter.accepts(event)
    }
}

extension EventFilterConfiguration {
    /// Whether all conditions apply. An event that is about no route meets no condition on routes.
    fileprivate func accepts(_ event: Event) -> Bool {
        func accepts(_ names: [String], _ name: String?) -> Bool {
            names.isEmpty || name.map(names.contains) ?? false
        }
        return (self.severity.isEmpty || self.severity.contains(event.severity))
            && accepts(self.route, event.name(of: "route"))
            && accepts(self.upstream, event.name(of: "upstream"))
            && accepts(self.alert, event.name(of: "alert"))
    }
}

extension Event {
    /// What the event is about: a member of its data or of the labels of an alert, or else the name in its topic.
    fileprivate func name(of kind: String) -> String? {
        if case .string(let name)? = self.data[kind] { return name }
        if case .object(let labels)? = self.data["labels"],
            case .string(let name)? = labels.first(where: { $0.name == kind })?.value
        {
            return name
        }
        return self.topic.hasPrefix(kind + "s.") ? String(self.topic.dropFirst(kind.count + 2)) : nil
    }
}
