import GatewayAccess
import GatewayCore
import GatewaySettings
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The keys that an issuer publishes at a URL. All workers share it, and any of them fetches the keys for all.
final class FetchedKeys: Sendable {
    /// The largest key set in bytes.
    static let maximumSize = 512 << 10
    /// The most requests that wait for one fetch.
    private static let maximumWaiting = 1000

    let url: ServiceURL
    private let algorithms: [TokenAlgorithm]
    private let log: Logger
    private let state: Mutex<State>
    /// Increases with each key set, so that event loops notice it without a lock.
    private let version = Atomic<UInt64>(0)

    private struct State {
        var schedule: JWKSSchedule
        var keys: TokenKeySet?
        var waiting: [Waiting] = []
        /// Why the last fetch failed, so that each reason is logged once.
        var failure: String?
    }

    /// A request that waits for a fetch.
    private struct Waiting {
        let eventLoop: any EventLoop
        let resume: @Sendable () -> Void
    }

    init(_ url: ServiceURL, refresh: TimeSpan, algorithms: [TokenAlgorithm], log: Logger) {
        self.url = url
        self.algorithms = algorithms
        self.log = log
        let refresh = TimeAmount.nanoseconds(refresh.nanoseconds)
        self.state = Mutex(State(schedule: JWKSSchedule(refresh: refresh, at: .now())))
    }

    /// The URL for logs, without a query, which may have a secret.
    private var place: Substring { self.url.description.prefix { $0 != "?" } }

    /// In how many seconds a client should try again that came before the first keys.
    var retryAfter: Int { self.state.withLock { $0.schedule.retryAfter(at: .now()) } }

    func timerFired() -> JWKSSchedule.OnTimer { self.state.withLock { $0.schedule.timerFired(at: .now()) } }

    /// Asks for a fetch because a token names an unknown key.
    ///
    /// - Parameter resume: Called on the event loop when the fetch has ended, unless the result is `refuse`.
    func unknownKey(
        on eventLoop: any EventLoop,
        then resume: @escaping @Sendable () -> Void
    ) -> JWKSSchedule.OnUnknownKey {
        self.state.withLock { state in
            if state.waiting.count >= Self.maximumWaiting { return .refuse }
            let decision = state.schedule.unknownKey(at: .now())
            if decision != .refuse { state.waiting.append(Waiting(eventLoop: eventLoop, resume: resume)) }
            return decision
        }
    }

    /// Takes what a fetch has brought.
    func received(_ result: Result<OutboundResponse, OutboundFailure>) {
        switch result {
        case .failure(let failure): self.failed(failure.reason ?? failure.kind.rawValue)
        case .success(let response) where response.status != 200:
            self.failed("the response has status \(response.status)")
        case .success(let response):
            // A large set takes longer than an event loop may be kept.
            NIOThreadPool.singleton.submit { state in
                guard case .active = state else { return self.failed("the gateway ends") }
                let json = Array(response.body.readableBytesView)
                guard let keys = TokenKeySet(json: json, algorithms: self.algorithms) else {
                    return self.failed("the response has no keys for the accepted algorithms")
                }
                self.fetched(keys)
            }
        }
    }

    private func fetched(_ keys: TokenKeySet) {
        let (isNews, waiting) = self.state.withLock { state in
            _ = state.schedule.fetched(at: .now())
            let isNews = state.keys == nil || state.failure != nil
            state.keys = keys
            state.failure = nil
            self.version.add(1, ordering: .releasing)
            return (isNews, Self.take(&state.waiting))
        }
        if isNews {
            self.log.notice("keys of tokens fetched", metadata: ["url": "\(self.place)", "keys": "\(keys.keys.count)"])
        }
        Self.resume(waiting)
    }

    private func failed(_ reason: String) {
        let (isNews, hasKeys, waiting) = self.state.withLock { state in
            _ = state.schedule.failed(at: .now())
            let isNews = state.failure != reason
            state.failure = reason
            return (isNews, state.keys != nil, Self.take(&state.waiting))
        }
        if isNews {
            self.log.error(
                hasKeys
                    ? "keys of tokens not fetched; the previous keys stay in use"
                    : "keys of tokens not fetched; requests with tokens get 503",
                metadata: ["url": "\(self.place)", "reason": "\(reason)"]
            )
        }
        Self.resume(waiting)
    }

    private static func take(_ waiting: inout [Waiting]) -> [Waiting] {
        defer { waiting = [] }
        return waiting
    }

    private static func resume(_ waiting: [Waiting]) { for one in waiting { one.eventLoop.execute(one.resume) } }

    /// Reads the keys on one event loop.
    struct Reader {
        private let source: FetchedKeys
        private var version: UInt64?
        private var keys: TokenKeySet?

        init(_ source: FetchedKeys) { self.source = source }

        /// Nil until the first keys have come.
        var current: TokenKeySet? {
            mutating get {
                let version = self.source.version.load(ordering: .acquiring)
                if version != self.version {
                    self.version = version
                    self.keys = self.source.state.withLock { $0.keys }
                }
                return self.keys
            }
        }
    }
}
