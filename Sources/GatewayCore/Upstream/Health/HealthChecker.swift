import GatewaySettings
import Logging
package import NIOCore
import Synchronization

/// Polls the targets of the upstreams with health checks, for all workers. It runs on the event loop of one of them.
///
/// Verdicts are kept at the endpoints, where all workers see them. A new configuration changes the schedule only.
package final class HealthChecker {
    package static let checks = MetricDescription(
        "gateway_upstream_health_checks_total",
        .counter,
        help: "Health checks of a target by result: ok, timeout, refused, reset, tls, status, body, grpc, error.",
        labels: ["upstream", "target", "result"]
    )

    private struct Subject {
        let target: UpstreamTarget
        let endpoint: UpstreamEndpoint
        var plan: PollPlan
        var poll: HealthPoll?
        var slowStart: SlowStart?
    }

    private struct Listener {
        let changes: EndpointChanges
        let id: Int
    }

    private let worker: Worker
    private let registry: UpstreamRegistry
    private var schedule = PollSchedule<ObjectIdentifier>(limit: 1)
    /// By endpoint.
    private var subjects: [ObjectIdentifier: Subject] = [:]
    /// The settings that the schedule reflects, by upstream.
    private var settings: [String: UpstreamRegistry.Polled.Settings] = [:]
    /// By upstream.
    private var listeners: [String: Listener] = [:]
    private var timer: Scheduled<Void>?
    private var isAdvancing = false
    private var isStopped = false

    private init(_ registry: UpstreamRegistry, worker: Worker) {
        self.registry = registry
        self.worker = worker
    }

    /// Starts to poll on the event loop of one of the workers. Nil if there are none.
    package static func start(
        for registry: UpstreamRegistry,
        on workers: WorkerGroup
    ) async throws -> NIOLoopBound<HealthChecker>? {
        guard let worker = workers.workers.first else { return nil }
        return try await worker.eventLoop.submit {
            let checker = HealthChecker(registry, worker: worker.value)
            registry.whenUpdated(checker.makeListener())
            checker.update()
            return NIOLoopBound(checker, eventLoop: worker.eventLoop)
        }.get()
    }

    /// Ends all polls.
    package func stop() {
        self.isStopped = true
        self.registry.whenUpdated(nil)
        for listener in self.listeners.values { listener.changes.remove(listener.id) }
        self.listeners = [:]
        for id in Array(self.subjects.keys) { self.remove(id) }
        self.timer?.cancel()
        self.timer = nil
    }

    /// Returns a closure that any thread may call when the endpoints or the configuration have changed.
    private func makeListener() -> @Sendable () -> Void {
        let checker = NIOLoopBound(self, eventLoop: self.worker.eventLoop)
        let pending = Pending()
        return { [eventLoop = self.worker.eventLoop] in
            guard pending.begin() else { return }
            eventLoop.execute {
                pending.end()
                checker.value.update()
            }
        }
    }

    // MARK: Endpoints

    /// Brings the schedule up to date with the configuration and the addresses of the targets.
    private func update() {
        guard !self.isStopped else { return }
        self.worker.tick()
        let (upstreams, limit) = self.registry.polled
        self.schedule.limit = limit
        self.listen(to: upstreams)
        var current: Set<ObjectIdentifier> = []
        for upstream in upstreams {
            let isChanged = self.settings.updateValue(upstream.settings, forKey: upstream.name) != upstream.settings
            for target in upstream.targets {
                for endpoint in target.endpoints {
                    let id = ObjectIdentifier(endpoint)
                    current.insert(id)
                    if isChanged || self.subjects[id] == nil { self.set(endpoint, of: target, upstream.settings) }
                }
            }
        }
        for id in self.subjects.keys.filter({ !current.contains($0) }) { self.remove(id) }
        self.advance()
    }

    private func set(
        _ endpoint: UpstreamEndpoint,
        of target: UpstreamTarget,
        _ settings: UpstreamRegistry.Polled.Settings
    ) {
        let id = ObjectIdentifier(endpoint)
        let plan = PollPlan(
            settings.health,
            target: target.url,
            authority: target.authority,
            maxHead: settings.maxHead,
            http2: settings.http2,
            security: settings.security?.security(of: target.url),
            proxyProtocol: settings.proxyProtocol
        )
        if self.subjects[id] != nil {
            self.subjects[id]?.plan = plan
        } else {
            self.subjects[id] = Subject(target: target, endpoint: endpoint, plan: plan)
        }
        self.schedule.set(id, every: plan.interval, at: self.worker.now)
        self.publishNextPoll(of: id)
    }

    private func remove(_ id: ObjectIdentifier) {
        let subject = self.subjects.removeValue(forKey: id)
        subject?.poll?.cancel()
        self.schedule.remove(id)
        self.publishRunning()
    }

    private func listen(to upstreams: [UpstreamRegistry.Polled]) {
        for upstream in upstreams where self.listeners[upstream.name]?.changes !== upstream.changes {
            self.forget(upstream.name)
            let id = upstream.changes.listen(self.makeListener())
            self.listeners[upstream.name] = Listener(changes: upstream.changes, id: id)
        }
        for name in self.listeners.keys where !upstreams.contains(where: { $0.name == name }) { self.forget(name) }
    }

    private func forget(_ upstream: String) {
        self.settings[upstream] = nil
        guard let listener = self.listeners.removeValue(forKey: upstream) else { return }
        listener.changes.remove(listener.id)
    }

    // MARK: Polls

    /// Begins the polls that are due, and lets the shares of slow starts grow.
    private func advance() {
        // A poll may fail at once, for lack of a descriptor for example. The loop below then continues.
        guard !self.isAdvancing else { return }
        self.isAdvancing = true
        defer { self.isAdvancing = false }
        let now = self.worker.now
        while let id = self.schedule.next(at: now) { self.begin(id) }
        var wakeUp = self.schedule.wakeUp
        for (id, subject) in self.subjects {
            guard let slowStart = subject.slowStart else { continue }
            subject.endpoint.warm(to: slowStart.share(at: now))
            let step = slowStart.nextStep(after: now)
            if step == nil { self.subjects[id]?.slowStart = nil }
            wakeUp = [wakeUp, step].compactMap { $0 }.min()
        }
        self.arm(wakeUp)
    }

    private func arm(_ wakeUp: NIODeadline?) {
        self.timer?.cancel()
        self.timer = nil
        guard let wakeUp, !self.isStopped else { return }
        self.timer = self.worker.eventLoop.assumeIsolated().scheduleTask(deadline: wakeUp) {
            self.timer = nil
            self.worker.tick()
            self.advance()
        }
    }

    private func begin(_ id: ObjectIdentifier) {
        guard let subject = self.subjects[id] else { return self.schedule.remove(id) }
        self.publishRunning()
        let poll = HealthPoll(subject.endpoint, subject.plan, on: self.worker.eventLoop, at: self.worker.now)
        self.subjects[id]?.poll = poll
        poll.start { result in
            self.worker.tick()
            self.ended(id, result)
            self.advance()
        }
    }

    private func ended(_ id: ObjectIdentifier, _ result: Result<Void, PollFailure>) {
        guard let subject = self.subjects[id], let poll = subject.poll else { return }
        let now = self.worker.now
        let moment = EndpointHealth.Moment(now: now, time: self.worker.unixMilliseconds)
        self.subjects[id]?.poll = nil
        self.schedule.ended(id, at: now, random: Double.random(in: 0...1, using: &self.worker.random))
        self.publishRunning()
        self.publishNextPoll(of: id)
        self.count(result, of: subject.target)
        let isSlow = subject.plan.slowStart > .zero
        let slowStart = SlowStart(begun: now, duration: subject.plan.slowStart)
        let before = subject.endpoint.pollResults
        let verdict = subject.endpoint.polled(
            result,
            after: now - poll.began,
            subject.plan.thresholds,
            share: isSlow ? slowStart.share(at: now) : SlowStart.full,
            at: moment
        )
        if verdict == .recovered { self.subjects[id]?.slowStart = isSlow ? slowStart : nil }
        let report = EndpointReport(target: subject.target, endpoint: subject.endpoint, worker: self.worker)
        report.polled(verdict, before: before, at: moment)
        guard case .success = result, subject.plan.pollsPort(of: subject.endpoint) else { return }
        // The endpoint is reachable, as any other connection would show.
        if case .returned(let out) = subject.endpoint.connected(at: moment) { report.returned(after: out) }
    }

    private func count(_ result: Result<Void, PollFailure>, of target: UpstreamTarget) {
        let word =
            switch result {
            case .success: "ok"
            case .failure(let failure): failure.result
            }
        self.worker.meters.counter(Self.checks, [target.upstream, target.label, word]).add()
    }

    private func publishRunning() { self.registry.pollsRunning.store(self.schedule.running, ordering: .relaxed) }

    private func publishNextPoll(of id: ObjectIdentifier) {
        guard let due = self.schedule.due(id) else { return }
        let now = self.worker.now
        let moment = EndpointHealth.Moment(now: now, time: self.worker.unixMilliseconds)
        self.subjects[id]?.endpoint.pollPlanned(for: moment + max(.zero, due - now))
    }
}

@available(*, unavailable)
extension HealthChecker: Sendable {}

/// Merges notifications that arrive before the first of them was handled.
private final class Pending: Sendable {
    private let isPending = Atomic(false)

    /// Returns whether the caller has to handle the notification.
    func begin() -> Bool { !self.isPending.exchange(true, ordering: .acquiringAndReleasing) }

    func end() { self.isPending.store(false, ordering: .releasing) }
}
