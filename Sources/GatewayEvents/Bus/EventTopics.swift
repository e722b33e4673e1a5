import GatewaySettings

/// What a subscriber wants to receive: events and samples, by topic.
package struct EventTopics: Hashable, Sendable {
    /// The topic of all events, but of no samples.
    package static let globalName = "global"
    package static let global = EventTopics([globalName])

    /// The topics as subscribed to, in the order of subscription.
    package private(set) var names: [String] = []
    private var isGlobal = false
    private var exact: Set<String> = []
    /// The kinds of which everything is wanted.
    private var kinds: Set<String> = []

    /// - Parameter names: Topics, or kinds of topics that end in `.*`. They are not checked, see ``problem(of:)``.
    package init(_ names: some Sequence<String> = []) {
        for name in names { self.insert(name) }
    }

    package var isEmpty: Bool { self.names.isEmpty }

    package mutating func insert(_ name: String) {
        guard !self.names.contains(name) else { return }
        self.names.append(name)
        if name == Self.globalName {
            self.isGlobal = true
        } else if name.hasSuffix(".*") {
            self.kinds.insert(String(name.dropLast(2)))
        } else {
            self.exact.insert(name)
        }
    }

    /// Removes a topic as it was subscribed to.
    package mutating func remove(_ name: String) { self = Self(self.names.filter { $0 != name }) }

    /// Whether events or samples of this topic are wanted.
    package func contains(_ topic: String) -> Bool {
        let kind = topic.prefix { $0 != "." }
        if self.isGlobal, kind != EventTopic.metrics.rawValue { return true }
        return self.exact.contains(topic) || (!self.kinds.isEmpty && self.kinds.contains(String(kind)))
    }

    /// What is wanted, coarsely.
    var heard: EventTopic.Heard {
        var heard: EventTopic.Heard = self.isGlobal ? .allEvents : []
        for name in self.exact { heard.formUnion(EventTopic.Heard(name)) }
        for kind in self.kinds { heard.formUnion(EventTopic.Heard(kind)) }
        return heard
    }

    /// Why a name cannot be subscribed to; nil if it can. Routes and upstreams need not exist yet.
    package static func problem(of name: String) -> String? {
        if name == self.globalName { return nil }
        let kindName = String(name.prefix { $0 != "." })
        let quoted = JSONText.quoted(String(name.prefix(100)))
        guard let kind = EventTopic(rawValue: kindName) else {
            let known = [self.globalName] + EventTopic.allCases.map(\.pattern)
            return "\(quoted) is no topic; write \(known.dropLast().joined(separator: ", ")) or \(known.last ?? "")"
        }
        if name == "\(kindName).*" { return nil }
        let rest = name.dropFirst(kindName.utf8.count + 1)
        switch kind.names {
        case .none where name == kindName: return nil
        case .any where !rest.isEmpty && name.utf8.count <= 256, .optional where name == kindName: return nil
        case .optional where !rest.isEmpty && name.utf8.count <= 256: return nil
        case .of(let names) where names.contains(String(rest)): return nil
        default: return "\(quoted) is no topic; write \(kind.pattern)"
        }
    }
}

/// The kinds of topics: what a topic begins with.
package enum EventTopic: String, CaseIterable, Sendable {
    case upstreams, routes, config, gateway, alerts, metrics
    /// Events that the embedding program publishes.
    case app

    /// What follows the kind and a dot.
    enum Names {
        case none, any, optional
        case of([String])
    }

    var names: Names {
        switch self {
        case .upstreams, .routes: .any
        case .config, .gateway, .alerts: .none
        case .metrics: .of(SampleKind.allCases.map(\.rawValue))
        case .app: .optional
        }
    }

    /// How a topic of this kind is written in messages and documents.
    var pattern: String {
        switch self.names {
        case .none: self.rawValue
        case .any: "\(self.rawValue).NAME"
        case .optional: "\(self.rawValue).NAME"
        case .of: "\(self.rawValue).KIND"
        }
    }

    /// A set of topics, coarse enough for publishers to look at.
    struct Heard: OptionSet, Sendable {
        let rawValue: UInt32

        init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The bit of a topic's kind. Kinds that this type does not know share one.
        init(_ topic: String) {
            // Two bytes are enough to tell the kinds apart.
            var bytes = topic.utf8.makeIterator()
            switch (bytes.next(), bytes.next()) {
            case (UInt8(ascii: "u"), _): self = Self(rawValue: 1)
            case (UInt8(ascii: "r"), _): self = Self(rawValue: 2)
            case (UInt8(ascii: "c"), _): self = Self(rawValue: 4)
            case (UInt8(ascii: "g"), _): self = Self(rawValue: 8)
            case (UInt8(ascii: "a"), UInt8(ascii: "l")): self = Self(rawValue: 16)
            case (UInt8(ascii: "m"), _): self = .samples
            default: self = Self(rawValue: 64)
            }
        }

        static let samples = Self(rawValue: 32)
        static let allEvents = Self(rawValue: .max).subtracting(.samples)
    }
}

/// The kinds of samples.
package enum SampleKind: String, CaseIterable, Sendable {
    case route, upstream, system

    package var topic: String { "\(EventTopic.metrics.rawValue).\(self.rawValue)" }
}
