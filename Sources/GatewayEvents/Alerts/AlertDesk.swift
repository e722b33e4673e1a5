import GatewayCore
import GatewaySettings
import Logging
import NIOCore

/// Evaluates alerts regularly, and publishes what changes. Belongs to an event loop.
///
/// The values are copied by the event loops that count them, a few microseconds per metric that a rule names, and joined
/// by another thread. While that takes longer than the interval, no further evaluation begins.
final class AlertDesk {
    private let eventLoop: any EventLoop
    private let registry: MeterRegistry
    private let sink: any EventSink
    private let store: EventStore?
    private let log: Logger
    let meters = AlertMeters()

    private(set) var board = AlertBoard()
    private var windows: [Int64: CounterWindow] = [:]
    private var routes: [String] = []
    private var interval = TimeAmount.seconds(5)
    private var timer: Scheduled<Void>?
    /// When the next regular evaluation is due.
    private var next = NIODeadline.now()
    private var isEvaluating = false
    /// Nanoseconds of the clock.
    private var evaluatedAt: Int64 = 0
    private var isStopped = false
    /// Rules with too many series, which were reported.
    private var reported: Set<String> = []

    init(
        on eventLoop: any EventLoop,
        registry: MeterRegistry,
        sink: any EventSink,
        store: EventStore?,
        restored: StoredAlerts?,
        log: Logger
    ) {
        self.eventLoop = eventLoop
        self.registry = registry
        self.sink = sink
        self.store = store
        self.log = log
        if let restored { self.board.restore(restored, at: .now()) }
        self.meters.register(with: registry)
    }

    // MARK: Configuration

    /// Applies a configuration: at the start, and after each reload.
    func apply(_ configuration: GatewayConfiguration) {
        let metrics = AlertMetrics(allowsFurther: true)
        let rules = configuration.alerts.compactMap { AlertRule($0, metrics: metrics) }
        self.routes = configuration.routes.map(\.name)
        self.publish(self.board.apply(rules, at: .now()))
        self.interval = .nanoseconds(configuration.events.evaluate.nanoseconds)
        let spans = Set(rules.map(\.window))
        self.windows = self.windows.filter { spans.contains($0.key) }
        for span in spans where self.windows[span] == nil { self.windows[span] = CounterWindow(span: span) }
        self.reported = self.reported.intersection(rules.map(\.name))
        self.meters.set(self.board.firing)
        self.save()
        // At once, because windows begin with it.
        self.next = .now()
        self.schedule()
    }

    func stop() {
        if self.isStopped { return }
        self.isStopped = true
        self.timer?.cancel()
        self.save()
    }

    // MARK: Evaluation

    private func schedule() {
        self.timer?.cancel()
        self.timer = nil
        guard !self.isStopped, !self.board.rules.isEmpty else { return }
        var time = self.next
        // Earlier, where an alert begins or ends before that: `for` is to be exact.
        if !self.isEvaluating, let due = self.board.due(after: self.evaluatedAt) {
            time = min(time, .uptimeNanoseconds(UInt64(due)))
        }
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: time) { self.evaluate() }
    }

    private func evaluate() {
        let start = NIODeadline.now()
        if start >= self.next {
            self.next = max(self.next + self.interval, start)
            if self.isEvaluating { self.meters.late.add() }
        }
        defer { self.schedule() }
        if self.isEvaluating { return }
        self.isEvaluating = true
        let registry = self.registry
        let names = Set(self.board.rules.flatMap { $0.sources.map(\.metric) })
        let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
        Task {
            let families = await registry.snapshot(of: names)
            bound.eventLoop.execute { bound.value.evaluated(families, from: start) }
        }
    }

    private func evaluated(_ families: [MetricFamily], from start: NIODeadline) {
        self.isEvaluating = false
        if self.isStopped { return }
        let now = AlertMoment.now()
        let readings = self.read(families, at: now)
        for span in self.windows.keys { self.windows[span]?.add(readings.growing[span] ?? [:], at: now.clock) }
        for (index, rule) in self.board.rules.enumerated() {
            guard let window = self.windows[rule.window] else { continue }
            let evaluator = AlertEvaluator(rule, window: window, readings: readings.moment, routes: self.routes)
            let result = self.board.evaluated(
                index,
                evaluator.verdicts(rule.condition),
                isWarm: window.isFull,
                at: now
            )
            self.publish(result.events)
            if result.dropped > 0 { self.report(rule, dropped: result.dropped) }
        }
        self.evaluatedAt = now.clock
        self.meters.set(self.board.firing)
        self.meters.lastDuration.set(Double((NIODeadline.now() - start).nanoseconds) / 1e9)
        self.save()
        self.schedule()
    }

    /// The values that the rules need: those that grow by the window they are compared over, and those of the moment.
    private func read(
        _ families: [MetricFamily],
        at now: AlertMoment
    ) -> (growing: [Int64: [AlertSource: AlertReading]], moment: [AlertSource: AlertReading]) {
        let byName = Dictionary(families.map { ($0.description.name, $0) }) { first, _ in first }
        var growing: [Int64: [AlertSource: AlertReading]] = [:]
        var moment: [AlertSource: AlertReading] = [:]
        var known: [AlertSource: AlertReading] = [:]
        for rule in self.board.rules {
            for source in rule.sources {
                let reading =
                    known[source] ?? byName[source.metric].map { source.read($0, now: now.wall) } ?? AlertReading()
                known[source] = reading
                if source.isCumulative {
                    growing[rule.window, default: [:]][source] = reading
                } else {
                    moment[source] = reading
                }
            }
        }
        return (growing, moment)
    }

    private func publish(_ events: [GatewayEvent]) {
        for event in events { self.sink.publish(event) }
    }

    private func report(_ rule: AlertRule, dropped: Int) {
        self.meters.series.add(Double(dropped))
        guard self.reported.insert(rule.name).inserted else { return }
        self.log.warning(
            "an alert has too many label sets, and observes only some of them",
            metadata: ["alert": "\(rule.name)", "limit": "\(AlertBoard.seriesLimit)"]
        )
    }

    private func save() {
        // During a handover, the other process is the one that stores.
        guard self.board.isChanged, let store = self.store, store.condition.isOwner else { return }
        self.board.stored()
        let alerts = StoredAlerts(self.board)
        // A failure is reported by the store. The next change stores everything again.
        _ = store.run(on: self.eventLoop) { connection throws(SQLiteError) in try AlertRows.save(alerts, to: connection)
        }
    }

    // MARK: Requests of operators

    /// Silences a rule, or ends its silence.
    func silence(_ name: String, _ silence: AlertSilence?) {
        self.board.silence(name, silence)
        self.save()
    }

    /// Publishes a test of a rule.
    func test(_ name: String) {
        if let event = self.board.test(name, at: .now()) { self.sink.publish(event) }
    }
}

@available(*, unavailable)
extension AlertDesk: Sendable {}

extension AlertMoment {
    static func now() -> AlertMoment {
        AlertMoment(clock: Int64(NIODeadline.now().uptimeNanoseconds), wall: Platform.unixMilliseconds())
    }
}
