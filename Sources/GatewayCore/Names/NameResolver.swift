package import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Resolves names on a dedicated thread and keeps their addresses current.
///
/// A name that does not resolve delays neither other names nor an event loop. The hosts file takes precedence over the
/// name servers in `resolv.conf`. Both files are reread for each lookup.
package final class NameResolver: Sendable {
    package struct Settings: Sendable {
        /// The name servers as `ADDRESS:PORT`, separated by commas, or nil for those of the system.
        package var servers: String?
        var hostsFile = "/etc/hosts"
        /// The timeout of the first attempt per name server. It doubles with each further attempt.
        var tryTimeout = TimeAmount.milliseconds(500)
        var schedule = StateMachine.Settings()

        package init(servers: String? = nil) { self.servers = servers }
    }

    /// Keeps the addresses of a name current until the watch is cancelled or released.
    final class Watch: Sendable {
        private let id: StateMachine.WatchID
        private let mailbox: NameResolverMailbox

        fileprivate init(_ id: StateMachine.WatchID, _ mailbox: NameResolverMailbox) {
            self.id = id
            self.mailbox = mailbox
        }

        deinit { self.cancel() }

        /// Cancels the watch. Results that are already in progress may still be reported.
        func cancel() { self.mailbox.post(.unwatch(self.id)) }
    }

    private let settings: Settings
    private let log: Logger
    private let mailbox = NameResolverMailbox()
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let nextWatch = Atomic<StateMachine.WatchID>(0)
    private let life = Mutex(Life.idle)

    private enum Life {
        /// No name was requested yet. → running, stopped
        case idle
        /// The thread is running. → stopped
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

    /// Looks up a name now, and again after the shortest interval of its watches or its TTL, whichever is shorter.
    ///
    /// - Parameters:
    ///   - name: The name. With a trailing dot, the search domains of `resolv.conf` do not apply.
    ///   - interval: The maximum time until the next lookup.
    ///   - tell: Called on the resolver's thread with the first result and with each change.
    func watch(_ name: String, every interval: TimeAmount, tell: @escaping @Sendable (NameState) -> Void) -> Watch {
        let id = self.nextWatch.wrappingAdd(1, ordering: .relaxed).newValue
        self.start()
        self.mailbox.post(.watch(id, name, interval, tell))
        return Watch(id, self.mailbox)
    }

    /// The names whose last lookup failed.
    package var failing: [FailingName] { self.mailbox.failing }

    /// Ends all lookups and the thread. No results are reported after it returns.
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
