import DequeModule
import GatewayHTTP
import NIOCore

extension NameResolver {
    /// Decides when to look up which name and what to report to its watches. It uses no sockets and no clock.
    ///
    /// A name is looked up once for all its watches, and again in the background for as long as there are any. After a
    /// failure, the last known addresses remain in use.
    struct StateMachine {
        typealias WatchID = UInt64
        typealias LookupID = UInt64

        struct Settings: Sendable {
            /// The maximum number of names. Further names fail.
            var maxNames = 10_000
            /// The maximum number of concurrent lookups. Further lookups wait.
            var maxLookups = 64
            /// The time after which an unanswered lookup fails.
            var timeout = TimeAmount.seconds(5)
            /// How long the addresses of one family wait for those of the other (RFC 8305 section 3, Resolution Delay).
            var resolutionDelay = TimeAmount.milliseconds(50)
            /// The minimum time between lookups of a name, regardless of its TTL. Also the first delay after a failure.
            var minInterval = TimeAmount.seconds(1)
            /// The maximum delay after repeated failures, which double the delay. The interval of the name applies if
            /// it is shorter.
            var maxBackoff = TimeAmount.seconds(30)
            /// How long a name that no longer exists keeps its last addresses.
            var denialHold = TimeAmount.seconds(30)
            /// The maximum number of addresses per name. Further addresses are ignored.
            var maxAddresses = 100
        }

        /// The actions to perform after an event, in this order.
        struct Actions: Equatable {
            struct Start: Equatable {
                let id: LookupID
                package let name: String
            }
            struct Tell: Equatable {
                let watches: [WatchID]
                let state: NameState
            }
            /// The lookups that are no longer needed, whether answered or not.
            var end: [LookupID] = []
            var start: [Start] = []
            var tell: [Tell] = []
            var log: [Report] = []
        }

        /// An event to log for the operator.
        enum Report: Equatable {
            case changed(name: String, added: [IPAddress], removed: [IPAddress])
            /// Reported once, not for each failed lookup.
            case failing(FailingName)
            case recovered(name: String)
        }

        private struct Name {
            /// The interval that each watch requested.
            var watches: [WatchID: TimeAmount] = [:]
            var known: [AddressFamily: [IPAddress]] = [:]
            var phase = Phase.queued
            var failures = 0
            var failing: (reason: String, since: NIODeadline)?
            var deniedSince: NIODeadline?
            var told: NameState?

            var interval: TimeAmount { watches.values.min() ?? .hours(1) }
            var hasAddresses: Bool { known.values.contains { !$0.isEmpty } }
        }

        private enum Phase {
            /// Waiting until ``Settings/maxLookups`` permits a lookup. → looking
            case queued
            /// A lookup is in progress. → resting
            case looking(Lookup)
            /// Waiting for the next lookup. → queued
            case resting(until: NIODeadline)
        }

        private struct Lookup {
            let id: LookupID
            let deadline: NIODeadline
            var answers: [AddressFamily: FamilyAnswer] = [:]
            /// When to use the available addresses without waiting for the other family.
            var early: NIODeadline?
        }

        private let settings: Settings
        private var names: [String: Name] = [:]
        private var watches: [WatchID: String] = [:]
        private var lookups: [LookupID: String] = [:]
        private var nextLookup: LookupID = 0
        /// The queues. Names without an answer yet come first; names that fail come last.
        private var unanswered = Deque<String>()
        private var due = Deque<String>()
        private var retries = Deque<String>()
        private var retriesRunning = 0
        /// The time by which ``timeReached(_:using:)`` must be called. There may be nothing to do by then.
        private(set) var nextDeadline = NIODeadline.distantFuture

        init(_ settings: Settings = Settings()) { self.settings = settings }

        /// The names whose last lookup failed.
        var failing: [FailingName] {
            self.names.compactMap { self.failing($0.key, $0.value) }.sorted { $0.name < $1.name }
        }

        var count: Int { self.names.count }
        var lookupsRunning: Int { self.lookups.count }

        // MARK: Watches

        mutating func watch(_ id: WatchID, _ name: String, every interval: TimeAmount, now: NIODeadline) -> Actions {
            var actions = Actions()
            let name = name.lowercased()
            guard self.names[name] != nil || self.names.count < self.settings.maxNames else {
                let reason = "more than \(self.settings.maxNames) names are looked up"
                actions.tell.append(Actions.Tell(watches: [id], state: .failed(reason: reason)))
                return actions
            }
            self.watches[id] = name
            if self.names[name] == nil {
                self.names[name] = Name(watches: [id: interval])
                self.unanswered.append(name)
                self.startLookups(now, &actions)
                return actions
            }
            self.names[name]?.watches[id] = interval
            if case .resting(let until) = self.names[name]?.phase, now + interval < until {
                self.rest(name, until: now + interval)
            }
            if let state = self.names[name]?.told { actions.tell.append(Actions.Tell(watches: [id], state: state)) }
            return actions
        }

        /// Removes a watch. Without its last watch, a name is forgotten and its lookup ends.
        mutating func unwatch(_ id: WatchID, now: NIODeadline) -> Actions {
            var actions = Actions()
            guard let name = self.watches.removeValue(forKey: id) else { return actions }
            self.names[name]?.watches[id] = nil
            guard let entry = self.names[name], entry.watches.isEmpty else { return actions }
            self.names[name] = nil
            switch entry.phase {
            case .resting: break
            case .queued:
                self.unanswered.removeAll { $0 == name }
                self.due.removeAll { $0 == name }
                self.retries.removeAll { $0 == name }
            case .looking(let lookup):
                self.end(lookup, of: entry, &actions)
                self.startLookups(now, &actions)
            }
            return actions
        }

        // MARK: Lookups

        /// Called with the answer for one family of a name. Ignores the answer if the lookup has ended.
        mutating func answered(
            _ id: LookupID,
            _ family: AddressFamily,
            _ answer: FamilyAnswer,
            now: NIODeadline,
            using random: inout some RandomNumberGenerator
        ) -> Actions {
            var actions = Actions()
            guard let name = self.lookups[id], case .looking(var lookup) = self.names[name]?.phase,
                lookup.answers[family] == nil
            else { return actions }
            lookup.answers[family] = Self.cleaned(answer)
            if lookup.answers.count == AddressFamily.allCases.count {
                self.finish(name, lookup, now, &random, &actions)
            } else {
                if case .addresses = lookup.answers[family] {
                    lookup.early = now + self.settings.resolutionDelay
                    self.nextDeadline = min(self.nextDeadline, now + self.settings.resolutionDelay)
                }
                self.names[name]?.phase = .looking(lookup)
            }
            return actions
        }

        /// Starts lookups that are due, and ends lookups that have timed out.
        mutating func timeReached(_ now: NIODeadline, using random: inout some RandomNumberGenerator) -> Actions {
            var actions = Actions()
            guard now >= self.nextDeadline else { return actions }
            self.nextDeadline = .distantFuture
            for (name, entry) in self.names {
                switch entry.phase {
                case .queued: break
                case .resting(let until):
                    guard until <= now else {
                        self.nextDeadline = min(self.nextDeadline, until)
                        continue
                    }
                    self.names[name]?.phase = .queued
                    if entry.failures > 0 { self.retries.append(name) } else { self.due.append(name) }
                case .looking(var lookup):
                    if lookup.deadline <= now {
                        for family in AddressFamily.allCases where lookup.answers[family] == nil {
                            lookup.answers[family] = .failed(reason: "no answer in time")
                        }
                        self.finish(name, lookup, now, &random, &actions)
                        continue
                    }
                    if let early = lookup.early, early <= now {
                        lookup.early = nil
                        self.names[name]?.phase = .looking(lookup)
                        self.apply(lookup.answers, to: name, &actions)
                    }
                    self.nextDeadline = min(self.nextDeadline, lookup.early ?? lookup.deadline)
                }
            }
            self.startLookups(now, &actions)
            return actions
        }

        private mutating func startLookups(_ now: NIODeadline, _ actions: inout Actions) {
            while self.lookups.count < self.settings.maxLookups, let name = self.nextInLine() {
                let lookup = Lookup(id: self.nextLookup, deadline: now + self.settings.timeout)
                self.nextLookup += 1
                self.lookups[lookup.id] = name
                if let failures = self.names[name]?.failures, failures > 0 { self.retriesRunning += 1 }
                self.names[name]?.phase = .looking(lookup)
                self.nextDeadline = min(self.nextDeadline, lookup.deadline)
                actions.start.append(Actions.Start(id: lookup.id, name: name))
            }
        }

        /// Returns the next name to look up. Retries of failing names use at most half of the concurrent lookups.
        private mutating func nextInLine() -> String? {
            if let name = self.unanswered.popFirst() ?? self.due.popFirst() { return name }
            guard self.retriesRunning < max(1, self.settings.maxLookups / 2) else { return nil }
            return self.retries.popFirst()
        }

        private mutating func end(_ lookup: Lookup, of entry: Name, _ actions: inout Actions) {
            self.lookups[lookup.id] = nil
            if entry.failures > 0 { self.retriesRunning -= 1 }
            actions.end.append(lookup.id)
        }

        private mutating func rest(_ name: String, until: NIODeadline) {
            self.names[name]?.phase = .resting(until: until)
            self.nextDeadline = min(self.nextDeadline, until)
        }

        // MARK: Answers

        private mutating func finish(
            _ name: String,
            _ lookup: Lookup,
            _ now: NIODeadline,
            _ random: inout some RandomNumberGenerator,
            _ actions: inout Actions
        ) {
            guard let entry = self.names[name] else { return }
            self.end(lookup, of: entry, &actions)
            self.apply(lookup.answers, to: name, &actions)
            let answers = AddressFamily.allCases.compactMap { lookup.answers[$0] }
            if answers.contains(where: \.hasAddresses) {
                self.succeeded(name, &actions)
                let lifetime = answers.compactMap(\.lifetime).min() ?? .hours(24)
                let interval = max(self.settings.minInterval, min(entry.interval, lifetime))
                // Shorten the interval by up to 10% at random, so that lookups of different names do not synchronize.
                let jitter = TimeAmount.nanoseconds(.random(in: 0...interval.nanoseconds / 10, using: &random))
                self.rest(name, until: now + max(self.settings.minInterval, interval - jitter))
            } else {
                self.failed(name, answers, now, &actions)
            }
            self.startLookups(now, &actions)
        }

        /// Applies the answers if at least one family has addresses. A family without addresses then loses its
        /// previous ones. Only ``failed(_:_:_:_:)`` removes the last address of a name.
        private mutating func apply(
            _ answers: [AddressFamily: FamilyAnswer],
            to name: String,
            _ actions: inout Actions
        ) {
            guard var known = self.names[name]?.known, answers.values.contains(where: \.hasAddresses) else { return }
            for (family, answer) in answers {
                switch answer {
                case .addresses(let addresses, _): known[family] = addresses
                case .none: known[family] = []
                case .failed: break
                }
            }
            self.use(known, for: name, &actions)
        }

        private mutating func use(
            _ known: [AddressFamily: [IPAddress]],
            for name: String,
            _ actions: inout Actions
        ) {
            guard let before = self.names[name].map({ self.addresses(of: $0.known) }) else { return }
            self.names[name]?.known = known
            let after = self.addresses(of: known)
            guard after != before else { return }
            actions.log.append(
                .changed(
                    name: name,
                    added: after.filter { !before.contains($0) },
                    removed: before.filter { !after.contains($0) }
                )
            )
            if !after.isEmpty { self.tell(name, .addresses(after), &actions) }
        }

        private mutating func succeeded(_ name: String, _ actions: inout Actions) {
            self.names[name]?.failures = 0
            self.names[name]?.deniedSince = nil
            guard self.names[name]?.failing != nil else { return }
            self.names[name]?.failing = nil
            actions.log.append(.recovered(name: name))
        }

        private mutating func failed(
            _ name: String,
            _ answers: [FamilyAnswer],
            _ now: NIODeadline,
            _ actions: inout Actions
        ) {
            guard var entry = self.names[name] else { return }
            entry.failures += 1
            let failure = answers.lazy.compactMap(\.failure).first
            let reason = failure ?? answers.lazy.compactMap(\.denial).first ?? "no answer"
            let isNew = entry.failing == nil
            entry.failing = (reason, entry.failing?.since ?? now)
            entry.deniedSince = failure == nil ? entry.deniedSince ?? now : nil
            self.names[name] = entry
            if let since = entry.deniedSince, now - since >= self.settings.denialHold {
                self.use([:], for: name, &actions)
            }
            if isNew, let failing = self.failing(name, entry) { actions.log.append(.failing(failing)) }
            if self.names[name]?.hasAddresses == false { self.tell(name, .failed(reason: reason), &actions) }
            let longest = max(self.settings.minInterval, min(entry.interval, self.settings.maxBackoff))
            let delay = self.settings.minInterval * (1 << min(entry.failures - 1, 20))
            self.rest(name, until: now + min(delay, longest))
        }

        private mutating func tell(_ name: String, _ state: NameState, _ actions: inout Actions) {
            guard let entry = self.names[name], entry.told != state else { return }
            self.names[name]?.told = state
            actions.tell.append(Actions.Tell(watches: entry.watches.keys.sorted(), state: state))
        }

        private func failing(_ name: String, _ entry: Name) -> FailingName? {
            entry.failing.map { failing in
                FailingName(
                    name: name,
                    reason: failing.reason,
                    since: failing.since,
                    addresses: self.addresses(of: entry.known).count
                )
            }
        }

        private func addresses(of known: [AddressFamily: [IPAddress]]) -> [IPAddress] {
            let all = AddressOrder.interleaved(known[.ipv4] ?? [], known[.ipv6] ?? [])
            return Array(all.prefix(self.settings.maxAddresses))
        }

        private static func cleaned(_ answer: FamilyAnswer) -> FamilyAnswer {
            guard case .addresses(let addresses, let lifetime) = answer else { return answer }
            let usable = AddressOrder.normalized(addresses)
            if usable.isEmpty {
                return .none(reason: addresses.isEmpty ? "the name has no address" : "the name has no usable address")
            }
            return .addresses(usable, lifetime: lifetime)
        }
    }
}

extension FamilyAnswer {
    fileprivate var hasAddresses: Bool {
        if case .addresses = self { true } else { false }
    }
    fileprivate var lifetime: TimeAmount? {
        if case .addresses(_, let lifetime) = self { lifetime } else { nil }
    }
    fileprivate var failure: String? {
        if case .failed(let reason) = self { reason } else { nil }
    }
    fileprivate var denial: String? {
        if case .none(let reason) = self { reason } else { nil }
    }
}
