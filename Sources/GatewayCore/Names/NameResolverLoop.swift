import GatewayHTTP
import GatewaySettings
import Logging
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The loop of the resolver's thread: waits for sockets, messages and deadlines, and performs the actions of
/// `NameResolver.StateMachine`.
final class NameResolverLoop {
    private typealias Machine = NameResolver.StateMachine

    private let settings: NameResolver.Settings
    private let mailbox: NameResolverMailbox
    private let log: Logger
    private let alarm = Alarm()
    private var machine: Machine
    private var random = SystemRandomNumberGenerator()
    private var lookups: [Machine.LookupID: DNSLookup] = [:]
    private var listeners: [Machine.WatchID: @Sendable (NameState) -> Void] = [:]
    /// Answers from the hosts file.
    private var local: [(id: Machine.LookupID, family: AddressFamily, answer: FamilyAnswer)] = []
    private var isStopping = false

    init(_ settings: NameResolver.Settings, _ mailbox: NameResolverMailbox, _ log: Logger) {
        self.settings = settings
        self.mailbox = mailbox
        self.log = log
        self.machine = Machine(settings.schedule)
        mailbox.open(wake: self.alarm?.writeEnd)
    }

    func run() {
        while true {
            for message in self.mailbox.take() { self.perform(message) }
            guard !self.isStopping else { break }
            self.collectAnswers()
            self.perform(self.machine.timeReached(.now(), using: &self.random))
            self.collectAnswers()
            self.wait()
        }
        self.lookups = [:]
        self.listeners = [:]
        self.mailbox.close()
    }

    private func perform(_ message: NameResolverMailbox.Message) {
        switch message {
        case .watch(let id, let name, let interval, let tell):
            self.listeners[id] = tell
            self.perform(self.machine.watch(id, name, every: interval, now: .now()))
        case .unwatch(let id):
            self.listeners[id] = nil
            self.perform(self.machine.unwatch(id, now: .now()))
        case .stop: self.isStopping = true
        }
    }

    private func perform(_ actions: Machine.Actions) {
        // Publish failures before calling listeners, so that a listener finds its failure in the list.
        self.mailbox.show(failing: self.machine.failing)
        for id in actions.end { self.lookups[id] = nil }
        for start in actions.start { self.start(start) }
        for tell in actions.tell {
            for watch in tell.watches { self.listeners[watch]?(tell.state) }
        }
        for report in actions.log { self.write(report) }
    }

    private func start(_ start: Machine.Actions.Start) {
        guard let addresses = self.localAddresses(of: start.name) else {
            self.lookups[start.id] = DNSLookup(
                start.name,
                servers: self.settings.servers,
                tryTimeout: self.settings.tryTimeout
            )
            return
        }
        for family in AddressFamily.allCases {
            let some = addresses.filter { $0.isIPv6 == (family == .ipv6) }
            let answer: FamilyAnswer =
                some.isEmpty ? .none(reason: "the name has no address") : .addresses(some, lifetime: nil)
            self.local.append((start.id, family, answer))
        }
    }

    /// Returns the addresses of a name that is resolved without a name server, or nil for any other name.
    private func localAddresses(of name: String) -> [IPAddress]? {
        let name = name.hasSuffix(".") ? String(name.dropLast()) : name
        if let file = TextFile.systemFile(self.settings.hostsFile),
            let addresses = HostsFile.addresses(of: name, in: file)
        {
            return addresses
        }
        return HostsFile.isLocalhost(name) ? HostsFile.loopback : nil
    }

    /// Processes answers until there are none left: an answer may start another lookup, which the hosts file may answer
    /// immediately.
    private func collectAnswers() {
        while true {
            var answers = self.local
            self.local = []
            for (id, lookup) in self.lookups {
                answers += lookup.takeAnswers().map { (id, $0.family, $0.answer) }
            }
            if answers.isEmpty { return }
            for (id, family, answer) in answers {
                let answer = Self.reachable(answer)
                self.perform(self.machine.answered(id, family, answer, now: .now(), using: &self.random))
            }
        }
    }

    /// Returns the answer without the addresses to which this machine has no route.
    private static func reachable(_ answer: FamilyAnswer) -> FamilyAnswer {
        guard case .addresses(let addresses, let lifetime) = answer else { return answer }
        let reachable = addresses.filter { AddressRoute.exists(to: $0) }
        if reachable.isEmpty, !addresses.isEmpty { return .failed(reason: "there is no route to its addresses") }
        return .addresses(reachable, lifetime: lifetime)
    }

    // MARK: Waiting

    private func wait() {
        var descriptors: [pollfd] = []
        var owners: [Machine.LookupID] = []
        var deadline = self.machine.nextDeadline
        let now = NIODeadline.now()
        for (id, lookup) in self.lookups {
            for interest in lookup.interests {
                descriptors.append(pollfd(fd: interest.descriptor, events: interest.events, revents: 0))
                owners.append(id)
            }
            if let timeout = lookup.timeout { deadline = min(deadline, now + timeout) }
        }
        if let alarm = self.alarm {
            descriptors.append(pollfd(fd: alarm.readEnd, events: Int16(POLLIN), revents: 0))
        } else {
            // The process has no file descriptor left for the alarm, so poll for messages.
            deadline = min(deadline, now + .milliseconds(100))
        }
        let patience = max(0, (deadline - now).nanoseconds)
        // Round up, so that the loop does not spin during the last millisecond.
        let milliseconds = Int32(clamping: min(patience, 86_400_000_000_000) / 1_000_000 + (patience > 0 ? 1 : 0))
        guard poll(&descriptors, nfds_t(descriptors.count), milliseconds) >= 0 else { return }
        for (descriptor, id) in zip(descriptors, owners) where descriptor.revents != 0 {
            // Report errors as readable, so that c-ares finds the error when it reads.
            let isBroken = descriptor.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
            self.lookups[id]?.ready(
                descriptor.fd,
                readable: isBroken || descriptor.revents & Int16(POLLIN) != 0,
                writable: descriptor.revents & Int16(POLLOUT) != 0
            )
        }
        for lookup in self.lookups.values { lookup.timeReached() }
        self.alarm?.clear()
    }

    // MARK: Reports

    private func write(_ report: Machine.Report) {
        switch report {
        case .changed(let name, let added, let removed):
            var metadata: Logger.Metadata = ["name": "\(name)"]
            if !added.isEmpty { metadata["added"] = .array(added.map { "\($0)" }) }
            if !removed.isEmpty { metadata["removed"] = .array(removed.map { "\($0)" }) }
            self.log.info("the addresses of a name changed", metadata: metadata)
        case .failing(let failing):
            self.log.warning(
                failing.addresses == 0
                    ? "a name cannot be looked up"
                    : "a name cannot be looked up; its last known addresses stay in use",
                metadata: ["name": "\(failing.name)", "reason": "\(failing.reason)"]
            )
        case .recovered(let name):
            self.log.notice("a name can be looked up again", metadata: ["name": "\(name)"])
        }
    }
}

@available(*, unavailable)
extension NameResolverLoop: Sendable {}

/// Wakes a thread that waits in `poll`.
private final class Alarm {
    let readEnd: Int32
    let writeEnd: Int32

    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        self.readEnd = ends[0]
        self.writeEnd = ends[1]
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
    }

    deinit {
        close(self.readEnd)
        close(self.writeEnd)
    }

    func clear() {
        var bytes: (UInt64, UInt64) = (0, 0)
        while read(self.readEnd, &bytes, 16) == 16 {}
    }
}
