package import Logging
package import NIOCore
import NIOPosix
import Synchronization

/// Finds the addresses of names on a dedicated thread, and keeps them current.
///
/// A name that does not answer delays neither another name nor an event loop. The hosts file comes first, then the name
/// servers of `resolv.conf`; both are read anew for each look-up.
package final class NameResolver: Sendable {
    package struct Settings: Sendable {
        /// `ADDRESS:PORT`, separated by commas; nil for the name servers of the system.
        package var servers: String?
        package var hostsFile = "/etc/hosts"
        /// How long the first try of each name server waits. Further tries double it.
        package var tryTimeout = TimeAmount.milliseconds(500)
        var schedule = StateMachine.Settings()

        package init(servers: String? = nil) { self.servers = servers }
    }

    /// Keeps a name looked up until it is cancelled or let go.
    final class Watch: Sendable {
        private let id: StateMachine.WatchID
        private let mailbox: NameResolverMailbox

        fileprivate init(_ id: StateMachine.WatchID, _ mailbox: NameResolverMailbox) {
            self.id = id
            self.mailbox = mailbox
        }

        deinit { self.cancel() }

        /// What was on its way may still be told.
        package func cancel() { self.mailbox.post(.unwatch(self.id)) }
    }

    private let settings: Settings
    private let log: Logger
    private let mailbox = NameResolverMailbox()
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let nextWatch = Atomic<StateMachine.WatchID>(0)
    private let life = Mutex(Life.idle)

    private enum Life {
        /// No name has been asked for. Next: running, stopped.
        case idle
        /// Next: stopped.
        case running
        case stopped
    }

    package init(_ settings: Settings = Settings(), log: Logger) {
        self.settings = settings
        self.log = log
    }

    deinit {
        self.mailbox.post(.stop)
        self.thread.shutdownGracefully { _ in }
    }

    /// Looks the name up now, and again as often as its watches ask for or its TTL does.
    ///
    /// - Parameters:
    ///   - name: looked up as it is written; with a dot at its end, without the search domains of `resolv.conf`.
    ///   - interval: until the next look-up, at most.
    ///   - tell: called on the resolver's thread with the first result and with each change.
    func watch(_ name: String, every interval: TimeAmount, tell: @escaping @Sendable (NameState) -> Void) -> Watch {
        let id = self.nextWatch.wrappingAdd(1, ordering: .relaxed).newValue
        self.start()
        self.mailbox.post(.watch(id, name, interval, tell))
        return Watch(id, self.mailbox)
    }

    /// Names whose last look-up failed.
    package var failing: [FailingName] { self.mailbox.failing }

    /// Ends all look-ups and the thread. Nothing is told after it returns.
    package func stop() async {
        let wasRunning = self.life.withLock { life in
            defer { life = .stopped }
            return life == .running
        }
        guard wasRunning else { return }
        self.mailbox.post(.stop)
        try? await self.thread.shutdownGracefully()
    }

    private func start() {
        let isFirst = self.life.withLock { life in
            guard life == .idle else { return false }
            life = .running
            return true
        }
        guard isFirst else { return }
        self.thread.start()
        self.thread.submit { [settings, mailbox, log] state in
            guard state == .active else { return }
            NameResolverLoop(settings, mailbox, log).run()
        }
    }
}
