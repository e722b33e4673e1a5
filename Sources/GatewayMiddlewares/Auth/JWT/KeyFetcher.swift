import GatewayAccess
import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// Fetches the keys of an issuer on one event loop, when ``FetchedKeys`` says so. It ends with the plan that owns it.
final class KeyFetcher {
    private let keys: FetchedKeys
    private let client: OutboundClient
    private let eventLoop: any EventLoop
    private var timer: Scheduled<Void>?

    init(_ keys: FetchedKeys, _ client: OutboundClient, on eventLoop: any EventLoop) {
        self.keys = keys
        self.client = client
        self.eventLoop = eventLoop
    }

    private static let fields = PreparedFields { fields in
        fields.add(HeaderName("Accept"), "application/json".utf8)
        fields.add(HeaderName("User-Agent"), "gateway".utf8)
    }

    deinit { self.timer?.cancel() }

    /// Starts with the next tick of the event loop, which does not come while a configuration is only checked.
    func start() { self.look(in: .zero) }

    private func look(in delay: TimeAmount) {
        let fetcher = NIOLoopBound(Weak(self), eventLoop: self.eventLoop)
        self.timer = self.eventLoop.scheduleTask(in: delay) { fetcher.value.object?.look() }
    }

    /// The fetchers of all workers look at the same time, and the first one fetches.
    private func look() {
        switch self.keys.timerFired() {
        case .fetch:
            self.fetch()
            self.look(in: .seconds(1))
        case .nothing: self.look(in: .seconds(1))
        case .wait(let next): self.look(in: max(next - .now(), .milliseconds(10)))
        }
    }

    func fetch() {
        let keys = self.keys
        var request = OutboundRequest(path: keys.url.path, timeout: .seconds(5), maxBody: FetchedKeys.maximumSize)
        request.fields = Self.fields
        self.client.send(request) { keys.received($0) }
    }

    private struct Weak {
        weak var object: KeyFetcher?

        init(_ object: KeyFetcher) { self.object = object }
    }
}
