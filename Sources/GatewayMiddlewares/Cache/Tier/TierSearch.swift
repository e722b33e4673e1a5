import GatewayCache
import GatewayRedis
import NIOCore

/// One look-up in the second tier, on its event loop.
final class TierSearch {
    enum Outcome {
        case found(StoredValue.Response, elapsed: Int64)
        case miss
        /// Redis is away, or did not answer in time.
        case failed
    }

    private var lookup: TierLookup
    private let server: any TierServer
    private let select: ([String]) -> [UInt8]
    private var done: ((Outcome) -> Void)?
    var timer: Scheduled<Void>?

    init(
        _ lookup: TierLookup,
        _ server: any TierServer,
        _ select: @escaping ([String]) -> [UInt8],
        _ done: @escaping (Outcome) -> Void
    ) {
        self.lookup = lookup
        self.server = server
        self.select = select
        self.done = done
    }

    var isOver: Bool { self.done == nil }

    func start() { self.read(self.lookup.first) }

    func becameReady(_ isReady: Bool) {
        guard !self.isOver else { return }
        if isReady { self.start() } else { self.end(.failed) }
    }

    func end(_ outcome: Outcome) {
        guard let done = self.done else { return }
        self.done = nil
        self.timer?.cancel()
        self.timer = nil
        done(outcome)
    }

    private func read(_ key: String) {
        self.server.read(key) { [self] result in
            guard !self.isOver else { return }
            switch result {
            case .success(let reading): self.received(reading.value, left: reading.left)
            case .failure: self.end(.failed)
            }
        }
    }

    private func received(_ bytes: ByteBuffer?, left: Int64) {
        switch self.lookup.received(bytes, left: left, select: self.select) {
        case .miss: self.end(.miss)
        case .find(let key): self.read(key)
        case .found(let value, let elapsed): self.end(.found(value, elapsed: elapsed))
        }
    }
}

@available(*, unavailable)
extension TierSearch: Sendable {}
