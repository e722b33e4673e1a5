import GatewayCore
import GatewaySettings
package import NIOCore
import Synchronization

/// Keeps what the dashboard shows of the past. It looks once a second, apart from the workers, if the admin API can be
/// reached, whether or not anybody reads it; without traffic, a look takes some microseconds.
package final class DashboardFeed: Sendable {
    /// Routes beyond these have no history of their own.
    static let mostRoutes = 100
    /// How often problems are looked for while nobody asks, so that it is known when they began.
    private static let problemInterval: UInt64 = 5

    private let state = Mutex(State())
    private let watched = Mutex(Watched())
    private let usage = ProcessUsage()

    private struct State: Sendable {
        var history = TrafficHistory()
        var routes: [String: TrafficHistory] = [:]
        var readings = RecentReadings()
        var problems = ProblemMemory()
        var lostLines = LostLines()
        /// The last second that was recorded.
        var last: UInt64?
        var processor: (seconds: Double, time: UInt64)?
    }

    package init() {}

    // MARK: Looking

    /// Looks once a second from now on, until the event loop ends or nobody refers to `status`, which is not kept alive.
    package func start(on eventLoop: any EventLoop, for status: GatewayStatus) {
        self.watched.withLock { $0.status = status }
        self.schedule(on: eventLoop)
    }

    private struct Watched: Sendable {
        weak var status: GatewayStatus?
    }

    private func schedule(on eventLoop: any EventLoop) {
        // Shortly after the next second has begun.
        let next = (MeterRegistry.second(at: .now()) + 1) * 1_000_000_000 + 20_000_000
        eventLoop.scheduleTask(deadline: .uptimeNanoseconds(next)) { [weak self] in
            guard let self, let status = self.watched.withLock({ $0.status }) else { return }
            let admin = status.configuration.admin
            guard admin.listen != .off || !admin.expose.isEmpty else { return self.schedule(on: eventLoop) }
            eventLoop.makeFutureWithTask { await self.look(at: status, now: .now()) }
                .whenComplete { [weak self] _ in self?.schedule(on: eventLoop) }
        }
    }

    /// Records the seconds that are over.
    func look(at status: GatewayStatus, now: NIODeadline) async {
        let second = MeterRegistry.second(at: now)
        guard second > 0 else { return }
        let registry = status.registry
        let last = self.state.withLock { $0.last }
        let oldest = second - min(second, UInt64(RoutePerformance.recentSeconds))
        let first = max(oldest, last.map { $0 + 1 } ?? second - 1)
        guard first < second else { return }
        var usage = TrafficHistory.Usage()
        usage.inFlight = Float(await registry.sum(of: RouteMeters.requestsInFlight))
        usage.memory = self.usage.residentBytes.map { Float($0) } ?? .nan
        usage.processorCores = self.processorCores(at: now)
        let routes = await self.routes(of: status, at: second)
        for second in first..<second {
            let all = await registry.traffic(in: second...second).recent
            let parts = routes.isEmpty ? [] : await registry.traffic(of: routes, in: second...second)
            self.state.withLock { state in
                state.history.append(all, usage, at: second)
                for (route, part) in zip(routes, parts) { state.routes[route]?.append(part.recent, at: second) }
                state.last = second
            }
        }
        let reading = await self.reading(of: status, at: now)
        self.state.withLock { $0.readings.append(reading) }
        if second % Self.problemInterval == 0 { _ = await self.problems(of: status) }
    }

    private func processorCores(at now: NIODeadline) -> Float {
        let seconds = self.usage.processorSeconds
        return self.state.withLock { state in
            let last = state.processor
            state.processor = seconds.map { ($0, now.uptimeNanoseconds) }
            guard let seconds, let last, now.uptimeNanoseconds > last.time else { return .nan }
            return Float((seconds - last.seconds) / (Double(now.uptimeNanoseconds - last.time) / 1e9))
        }
    }

    /// The routes that have a history. New ones are looked for every ten seconds.
    private func routes(of status: GatewayStatus, at second: UInt64) async -> [String] {
        let known = self.state.withLock { Array($0.routes.keys) }
        guard known.isEmpty || second % 10 == 0 else { return known }
        let measured = await status.registry.measuredRoutes()
        let names = status.configuration.routes.map(\.name)
        return self.state.withLock { state in
            let kept = Set(names)
            state.routes = state.routes.filter { kept.contains($0.key) }
            for name in names where measured.contains(name) && state.routes[name] == nil {
                guard state.routes.count < Self.mostRoutes else { break }
                state.routes[name] = TrafficHistory(ofRoute: true)
            }
            return Array(state.routes.keys)
        }
    }

    private func reading(of status: GatewayStatus, at now: NIODeadline) async -> CounterReading {
        let families = await status.registry.counters(named: CounterReading.names)
        return CounterReading(
            time: now.uptimeNanoseconds,
            families: families,
            limited: status.shared.consumers.limited,
            processorSeconds: self.usage.processorSeconds
        )
    }

    // MARK: Reading

    /// What was counted in the last ten seconds.
    func change(of status: GatewayStatus, at now: NIODeadline) async -> CounterChange {
        let reading = await self.reading(of: status, at: now)
        let baseline = self.state.withLock { $0.readings.baseline(at: now.uptimeNanoseconds) }
        let uptime = Double(max(0, (now - status.shared.startedAt).nanoseconds)) / 1e9
        return CounterChange(from: baseline, to: reading, uptime: uptime)
    }

    /// The resident memory in bytes; nil if it cannot be read.
    var memory: Int? { self.usage.residentBytes }

    /// The present problems, with the time since which each is known.
    func problems(of status: GatewayStatus) async -> [Problem] {
        let found = await Problem.all(of: status)
        let now = Platform.unixMilliseconds()
        return self.state.withLock { state in
            let lost = state.lostLines.note(status.droppedLogLines, at: now)
            return state.problems.note(found + [lost].compactMap { $0 }, at: now)
        }
    }

    /// The history of all routes, or of one, which may have none.
    func history(of route: String?) -> (TrafficHistory, last: UInt64?) {
        self.state.withLock { state in
            (route.map { state.routes[$0] ?? TrafficHistory(ofRoute: true) } ?? state.history, state.last)
        }
    }
}
