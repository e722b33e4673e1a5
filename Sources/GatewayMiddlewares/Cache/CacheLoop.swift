import GatewayCache
import GatewayCore
import NIOCore

/// The fetches that requests of one event loop read or feed. Told of changes from any event loop, it lets them go on.
final class CacheLoop: FetchListener {
    private let eventLoop: any EventLoop
    private let members: NIOLoopBound<Members>

    init(_ worker: Worker) {
        self.eventLoop = worker.eventLoop
        self.members = NIOLoopBound(Members(worker), eventLoop: worker.eventLoop)
    }

    func fetchChanged(_ fetch: CacheFetch) {
        self.eventLoop.execute {
            // Changes from now on are told again.
            fetch.heard(self)
            self.members.value.goOn(fetch)
        }
    }

    // MARK: On the event loop

    func add(_ reader: CacheReader) { self.members.value.change(reader.fetch) { $0.readers.append(reader) } }

    func remove(_ reader: CacheReader) {
        self.members.value.change(reader.fetch) { $0.readers.removeAll { $0 === reader } }
    }

    func remove(_ feeder: CacheFeeder) {
        self.members.value.change(feeder.fetch) { $0.feeders.removeAll { $0 === feeder } }
    }

    /// Starts a request to the upstream after the hook that caused it.
    func start(_ feeder: CacheFeeder) {
        self.members.value.change(feeder.fetch) { $0.feeders.append(feeder) }
        let feeder = NIOLoopBound(feeder, eventLoop: self.eventLoop)
        self.later { feeder.value.start() }
    }

    /// Lets a reader go on outside of the call in which its client has become ready.
    func pumpLater(_ reader: CacheReader) {
        let reader = NIOLoopBound(reader, eventLoop: self.eventLoop)
        self.later { reader.value.pump() }
    }

    /// Starts a second request to the upstream if a fetch has no head after this time.
    ///
    /// - Parameter reader: One that waits for it. The request is that of one that still waits then.
    func startSecond(of fetch: CacheFetch, after delay: TimeAmount, for reader: CacheReader) {
        let isFirst = self.members.value.change(fetch) { members in
            defer { members.awaitsSecond = true }
            return !members.awaitsSecond
        }
        guard isFirst else { return }
        let members = self.members
        self.eventLoop.scheduleTask(in: delay) {
            guard fetch.isWaiting, let reader = members.value.waitingReader(of: fetch), fetch.takeSecond() else {
                return
            }
            members.value.worker.tick()
            reader.startSecond()
        }
    }

    private func later(_ body: @escaping @Sendable () -> Void) {
        let members = self.members
        self.eventLoop.execute {
            members.value.worker.tick()
            body()
        }
    }

    private final class Members {
        struct Fetch {
            var readers: [CacheReader] = []
            var feeders: [CacheFeeder] = []
            var awaitsSecond = false
        }

        let worker: Worker
        var fetches: [ObjectIdentifier: Fetch] = [:]

        init(_ worker: Worker) { self.worker = worker }

        func change<Result>(_ fetch: CacheFetch, _ change: (inout Fetch) -> Result) -> Result {
            let id = ObjectIdentifier(fetch)
            var members = self.fetches.removeValue(forKey: id) ?? Fetch()
            let result = change(&members)
            if !members.readers.isEmpty || !members.feeders.isEmpty { self.fetches[id] = members }
            return result
        }

        func waitingReader(of fetch: CacheFetch) -> CacheReader? {
            self.fetches[ObjectIdentifier(fetch)]?.readers.first { $0.isWaiting }
        }

        func goOn(_ fetch: CacheFetch) {
            guard let members = self.fetches[ObjectIdentifier(fetch)] else { return }
            self.worker.tick()
            for reader in members.readers { reader.pump() }
            for feeder in members.feeders { feeder.goOn() }
        }
    }
}
