import GatewaySettings

/// The changes to the upstreams in a new configuration. Upstreams are matched by name, targets by URL.
struct UpstreamComparison: Equatable, Sendable {
    /// The targets of an upstream that remains.
    struct Targets: Equatable, Sendable {
        /// For each new target, the index of the old target with the same URL, or nil if there is none.
        var kept: [Int?] = []
        /// The indices of old targets that were removed.
        var removed: [Int] = []

        init(kept: [Int?] = [], removed: [Int] = []) {
            self.kept = kept
            self.removed = removed
        }

        init(from old: [TargetURL], to new: [TargetURL]) {
            self.removed = Array(old.indices)
            self.kept = new.map { url in
                guard let position = self.removed.firstIndex(where: { old[$0] == url }) else { return nil }
                return self.removed.remove(at: position)
            }
        }
    }

    /// The upstreams that are in both configurations.
    var kept: [String: Targets] = [:]
    /// A name in both `added` and `removed` is an upstream that changed its kind.
    var added: Set<String> = []
    var removed: Set<String> = []
}

extension UpstreamComparison {
    init(from old: [String: UpstreamConfiguration], to new: [String: UpstreamConfiguration]) {
        for (name, upstream) in new {
            if let before = old[name], before.builtin == upstream.builtin {
                self.kept[name] = Targets(from: before.targets.map(\.url), to: upstream.targets.map(\.url))
            } else {
                self.added.insert(name)
            }
        }
        self.removed = Set(old.keys.filter { self.kept[$0] == nil })
    }
}
