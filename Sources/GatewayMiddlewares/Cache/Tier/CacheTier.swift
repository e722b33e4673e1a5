package import GatewayCache
import GatewayCore
import GatewayHTTP
import GatewayRedis
package import NIOCore

/// The second tier on one event loop: finds responses that memory lacks, and writes those that were stored there.
///
/// A look-up never makes a request fail, nor wait beyond ``SharedTier/limit``. A write happens behind the response and is
/// never tried again.
package final class CacheTier {
    /// A response from the tier.
    package struct Found: Sendable {
        package let value: StoredValue.Response
        /// Milliseconds since it was written.
        package let elapsed: Int64
        /// Whether a soft purge made it stale.
        package let isStale: Bool
    }

    package let shared: SharedTier
    private let server: any TierServer
    private let eventLoop: any EventLoop
    let meters: TierMeters
    private var writes = TierWrites()

    package init(_ shared: SharedTier, _ server: any TierServer, on eventLoop: any EventLoop, _ meters: TierMeters) {
        self.shared = shared
        self.server = server
        self.eventLoop = eventLoop
        self.meters = meters
    }

    package func key(_ material: some Collection<UInt8>) -> TierKey {
        TierKey(prefix: self.shared.names.prefix, material: material)
    }

    // MARK: Finding

    /// Looks for a response.
    ///
    /// - Parameters:
    ///   - select: Returns what the request selects by, among the fields with these names.
    ///   - done: Called once, on this event loop, perhaps before this function returns.
    package func find(
        _ key: TierKey,
        select: @escaping ([String]) -> [UInt8],
        _ done: @escaping (Found?) -> Void
    ) {
        let search = TierSearch(TierLookup(key), self.server, select) { [self] outcome in done(self.judge(outcome)) }
        let bound = NIOLoopBound(search, eventLoop: self.eventLoop)
        if self.shared.isReady {
            search.timer = self.eventLoop.scheduleTask(in: self.shared.limit) { bound.value.end(.failed) }
            return search.start()
        }
        self.shared.whenReady { [eventLoop] isReady in
            if eventLoop.inEventLoop { return bound.value.becameReady(isReady) }
            eventLoop.execute { bound.value.becameReady(isReady) }
        }
        guard !search.isOver else { return }
        search.timer = self.eventLoop.scheduleTask(in: self.shared.limit) { bound.value.end(.failed) }
    }

    /// Counts the outcome, and drops what was purged.
    private func judge(_ outcome: TierSearch.Outcome) -> Found? {
        switch outcome {
        case .failed:
            self.meters.error.add()
            return nil
        case .miss:
            self.meters.miss.add()
            return nil
        case .found(let value, let elapsed):
            let standing = self.shared.standing(of: value)
            guard standing != .purged else {
                self.meters.miss.add()
                return nil
            }
            self.meters.hit.add()
            return Found(value: value, elapsed: elapsed, isStale: standing == .stale)
        }
    }

    // MARK: Writing

    /// Writes a response behind the answer.
    ///
    /// - Parameters:
    ///   - value: Its `kept` is set here, from its lifetime.
    ///   - selection: The names of the fields that select it; empty if nothing does.
    package func write(_ value: StoredValue.Response, at key: TierKey, selection: [String], hasValidator: Bool) {
        var value = value
        value.kept = value.lifetime.usefulTime(hasValidator: hasValidator)
        guard value.kept > 0 else { return }
        guard self.server.isUp else { return self.meters.error.add() }
        let size = value.body.readableBytes + value.fields.bytes.readableBytes
        guard self.writes.begin(size) else { return self.meters.dropped.add() }
        let bytes = StoredValue.response(value).encoded()
        guard !selection.isEmpty else { return self.write(bytes, to: key.primary, value.kept, releasing: size) }
        self.write(bytes, to: key.variant(value.variant), value.kept, releasing: size)
        // Other variants may be kept for longer than this one.
        let kept = max(value.kept, Self.selectionKept)
        self.server.send(.write(StoredValue.selection(selection).encoded(), to: key.primary, milliseconds: kept)) { _ in
        }
    }

    /// A day in milliseconds.
    private static let selectionKept: Int64 = 86_400_000

    private func write(_ bytes: ByteBuffer, to key: String, _ kept: Int64, releasing size: Int) {
        self.server.send(.write(bytes, to: key, milliseconds: kept)) { [self] result in
            self.writes.end(size)
            // An error such as OOM or READONLY is the server's state. The next response tries again, this one does not.
            if case .success(.status) = result { return }
            self.meters.error.add()
        }
    }
}

@available(*, unavailable)
extension CacheTier: Sendable {}
