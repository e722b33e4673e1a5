import GatewayCache
import GatewayRedis
package import NIOCore

/// Connects what this gateway knows about purges with the stream and the channel in Redis, on one event loop.
///
/// While it is subscribed, it also reads the stream once a second. That finds messages that were lost between the nodes of a
/// cluster, notices a server that no longer answers, and keeps the stream from being evicted as unused.
package final class TierPurgeChannel {
    static let interval = TimeAmount.seconds(1)

    private let tier: SharedTier
    private let server: any TierServer
    private let eventLoop: any EventLoop
    private let gateway: UInt64
    private var isSubscribed = false
    private var isReading = false
    /// Counts the subscriptions: what was read before one may lack what was published before it.
    private var epoch = 0
    private var timer: Scheduled<Void>?
    private let onRefusal: (String) -> Void

    private struct Weak { weak var value: TierPurgeChannel? }

    /// - Parameter onRefusal: Called when the server refuses a command, with its reason.
    package init(
        _ tier: SharedTier,
        _ server: any TierServer,
        on eventLoop: any EventLoop,
        onRefusal: @escaping (String) -> Void = { _ in }
    ) {
        self.tier = tier
        self.server = server
        self.eventLoop = eventLoop
        self.gateway = tier.change { $0.gateway }
        self.onRefusal = onRefusal
        let channel = NIOLoopBound(Weak(value: self), eventLoop: eventLoop)
        tier.onPurge { eventLoop.execute { channel.value.value?.report() } }
    }

    /// The server is about to be subscribed for the first time. Nobody waits for longer than for a command.
    package func begin() {
        let tier = self.tier
        self.timer = self.eventLoop.scheduleTask(in: tier.limit) { tier.stopJoining() }
    }

    /// Nothing uses the tier any more.
    package func stop() {
        self.tier.onPurge(nil)
        self.unsubscribed()
    }

    /// The channel is subscribed, on any node.
    package func subscribed() {
        self.isSubscribed = true
        self.epoch += 1
        self.isReading = false
        self.tier.change { $0.connected() }
        self.read()
        self.schedule()
    }

    /// The subscription ended, or could not be made.
    package func unsubscribed() {
        self.isSubscribed = false
        self.timer?.cancel()
        self.tier.change(stopsJoining: true) { $0.disconnected() }
    }

    package func received(_ bytes: ByteBuffer) {
        guard self.isSubscribed, let message = TierReplies.message(bytes) else { return }
        let outcome = self.tier.change { $0.received(message.entry, at: message.stamp, after: message.previous) }
        switch outcome {
        case .none: break
        case .read: self.read()
        case .purge(let purge): self.tier.purgeMemory([purge])
        case .purgeAndRead(let purge):
            self.tier.purgeMemory([purge])
            self.read()
        }
    }

    // MARK: Purges of this gateway

    private func report() {
        while let report = self.tier.change({ $0.nextReport() }) {
            let command = TierCommand.add(report.entry, after: report.after, to: self.tier.names)
            self.server.send(command) { [self] result in
                self.note(result)
                self.reported(report.number, result)
            }
        }
    }

    private func reported(_ number: UInt64, _ result: Result<RedisReply, any Error>) {
        let added = (try? result.get()).flatMap(TierReplies.added)
        let next = self.tier.change { purges in
            guard let added else { return purges.failed(number) }
            return purges.added(number, at: added.stamp, after: added.previous)
        }
        // What failed is tried again with the next read of the timer.
        if next == .read, added != nil { self.read() }
    }

    // MARK: Purges of others

    private func schedule() {
        let channel = NIOLoopBound(Weak(value: self), eventLoop: self.eventLoop)
        self.timer?.cancel()
        self.timer = self.eventLoop.scheduleTask(in: Self.interval) {
            guard let channel = channel.value.value, channel.isSubscribed else { return }
            channel.read()
            channel.schedule()
        }
    }

    private func read() {
        guard self.isSubscribed, !self.isReading else { return }
        self.isReading = true
        let start = self.tier.change { $0.readFrom }
        self.server.send(.read(from: start, in: self.tier.names)) { [self, epoch = self.epoch] result in
            guard self.isSubscribed, epoch == self.epoch else { return }
            self.isReading = false
            self.note(result)
            guard let entries = (try? result.get()).flatMap(TierReplies.entries) else { return self.failed() }
            self.didRead(entries, from: start)
        }
    }

    private func didRead(_ entries: [(stamp: TierStamp, entry: TierEntry)], from start: TierStamp?) {
        let outcome = self.tier.change { $0.read(entries, from: start) }
        if outcome.isMemoryLost { self.tier.purgeMemory([Purge(.all)]) }
        self.tier.purgeMemory(outcome.purges)
        switch outcome.next {
        case .done: self.report()
        case .readOn: self.read()
        case .begin(let stamp): self.begin(at: stamp)
        }
    }

    private func begin(at stamp: TierStamp?) {
        let entry = TierEntry(gateway: self.gateway, content: .beginning)
        self.isReading = true
        self.server.send(.begin(entry, at: stamp, in: self.tier.names)) { [self, epoch = self.epoch] result in
            guard self.isSubscribed, epoch == self.epoch else { return }
            self.isReading = false
            self.note(result)
            guard case .success(.integer) = result else { return self.failed() }
            self.read()
        }
    }

    private func note(_ result: Result<RedisReply, any Error>) {
        if case .success(.error(let reason)) = result { self.onRefusal(reason) }
    }

    private func failed() { self.tier.change(stopsJoining: true) { $0.failedToRead() } }
}

@available(*, unavailable)
extension TierPurgeChannel: Sendable {}
