import Synchronization

/// The consumers that the gateway knows: those that the configuration names, and those that were seen. All workers share
/// it, and it lives as long as the gateway, so that counts survive a reload.
package final class Consumers: Sendable {
    private let state = Mutex(State())
    /// The maximum number of consumers that are known only because they were seen. Further ones share one object, so
    /// that an issuer of tokens with many users does not fill the memory.
    package static let mostSeen = 10_000
    /// The name of the object that further consumers share.
    package static let others = "_OTHER"

    private struct State {
        /// By the bytes of the name, since Swift takes two spellings of `é` for the same text.
        var byName: [[UInt8]: Consumer] = [:]
        var seen = 0
        /// The names in the configuration and its files, by the kind of credential.
        var named: [String: Set<String>] = [:]
    }

    package init() {}

    /// Returns the consumer of this name. Creates it if it is new.
    ///
    /// - Parameter isNamed: Whether the configuration or a file of keys or users names it.
    package func consumer(_ name: String, isNamed: Bool = false) -> Consumer {
        self.state.withLock { state in
            if let known = state.byName[Array(name.utf8)] { return known }
            var name = name
            if !isNamed {
                if state.seen >= Self.mostSeen { name = Self.others }
                if let known = state.byName[Array(name.utf8)] { return known }
                state.seen += 1
            }
            let consumer = Consumer(name: name, number: state.byName.count)
            state.byName[Array(name.utf8)] = consumer
            return consumer
        }
    }

    /// The consumer of this name, if it is known.
    package func known(_ name: String) -> Consumer? { self.state.withLock { $0.byName[Array(name.utf8)] } }

    /// Sets the names that the configuration and its files have for a kind of credential, in place of those before.
    package func setNames(_ names: Set<String>, of kind: String) {
        self.state.withLock { state in
            // The keys that turned a consumer off are gone.
            for name in (state.named[kind] ?? []).subtracting(names) {
                state.byName[Array(name.utf8)]?.leaveConfiguration()
            }
            state.named[kind] = names.isEmpty ? nil : names
        }
    }

    /// The consumers that the configuration names, and those that were seen, by name.
    package var listed: [Consumer] {
        self.state.withLock { state in
            let named = state.named.values.reduce(into: Set()) { $0.formUnion($1) }
            return state.byName.values.filter {
                !$0.name.isEmpty && ($0.isSeen || $0.isDisabled || named.contains($0.name))
            }
        }.sorted { $0.name < $1.name }
    }

    /// How many requests of each consumer were over a limit, of those that had some.
    package var limited: [String: UInt64] {
        self.state.withLock { state in
            state.byName.values.reduce(into: [:]) { limited, consumer in
                let count = consumer.limited
                if count > 0 { limited[consumer.name] = count }
            }
        }
    }

    private var all: [Consumer] { self.state.withLock { Array($0.byName.values) } }

    /// Turns all consumers on again, as a reload does.
    package func enableAll() { for consumer in self.all { consumer.setDisabled(false) } }
}
