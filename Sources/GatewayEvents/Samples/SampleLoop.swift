import GatewayCore
import NIOCore

/// Takes samples as long as somebody listens to them. It belongs to the event loop of the bus.
final class SampleLoop {
    private let eventLoop: any EventLoop
    private let registry: MeterRegistry
    /// Hands on the samples. Weak, because it calls this object.
    private weak var hands: EventBus.Hands?
    private var sampler = Sampler()
    private var interval = TimeAmount.seconds(5)
    private var task: Scheduled<Void>?
    private var isWanted = false
    /// Increases with each series of samples, so that a late reading of an old one does not count.
    private var round = 0

    init(_ registry: MeterRegistry, on eventLoop: any EventLoop) {
        self.registry = registry
        self.eventLoop = eventLoop
    }

    /// Takes the samples of a bus.
    func serve(_ hands: EventBus.Hands) {
        self.hands = hands
        hands.samplesWanted = { [weak self] in self?.want($0) }
    }

    /// Changes the time between two samples, from the next one on.
    func configure(every interval: TimeAmount) {
        guard interval != self.interval else { return }
        self.interval = interval
        if self.task != nil { self.schedule() }
    }

    private func want(_ isWanted: Bool) {
        guard isWanted != self.isWanted else { return }
        self.isWanted = isWanted
        self.round += 1
        self.task?.cancel()
        self.task = nil
        self.sampler.reset()
        // The first reading is what the first sample is compared with.
        if isWanted { self.read() }
    }

    private func schedule() {
        self.task?.cancel()
        let loop = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.task = self.eventLoop.scheduleTask(in: self.interval) { loop.value.read() }
    }

    private func read() {
        self.task = nil
        let loop = NIOLoopBound(self, eventLoop: self.eventLoop)
        let (round, registry) = (self.round, self.registry)
        self.eventLoop.makeFutureWithTask { await registry.snapshot() }.whenSuccess { families in
            loop.value.took(families, round: round)
        }
    }

    private func took(_ families: [MetricFamily], round: Int) {
        guard round == self.round, self.isWanted else { return }
        let time = Platform.unixMilliseconds()
        let samples = self.sampler.sample(families, at: .now()) ?? [:]
        for kind in SampleKind.allCases {
            if let data = samples[kind] { self.hands?.send(EventSample(kind, time: time, data)) }
        }
        self.schedule()
    }
}

@available(*, unavailable)
extension SampleLoop: Sendable {}
