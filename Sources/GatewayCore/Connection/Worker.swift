import GatewaySettings
package import Logging
package import NIOCore

/// The state of one event loop: its routes, deadlines, metrics, log lines and reusable objects. No other event loop
/// accesses it, so it needs no locks.
package final class Worker {
    package let index: Int
    package let eventLoop: any EventLoop
    package let shared: SharedState
    /// Receives what operators may want to know about this worker.
    package let events: any EventSink
    /// Replaced as a whole on reload.
    package var settings: WorkerSettings
    package let meters: MeterShard
    package private(set) var accessLog: LogSink?
    package let log: Logger
    package let deadlines: DeadlineWheel
    /// Counts the answers of consumers.
    package let consumerMeters: ConsumerMeters
    /// Reports requests that failed.
    package let reporter: RequestReporter
    /// Carries requests away whose spans are kept.
    package let traced: TracedRequests.Mailbox
    /// Keeps requests that failed, broke off or were slow.
    let keeper: RequestKeeper
    /// What the event loop runs, if it stalls.
    package let activity = LoopActivity()
    private var lag: Histogram?
    package var accessLogFormat: AccessLogFormat
    /// The time of the event that is being handled.
    package private(set) var now: NIODeadline
    private var dates = DateCache()
    package var random: Xoshiro256
    /// Scratch space for requests whose path is not normalized.
    package var normalizedPath: [UInt8] = []
    /// The number of resumptions that came twice or too late.
    var staleResumptions = 0
    /// Replaced as a whole on reload.
    package var table: RoutingTable
    /// The port of the first listener with TLS, which redirects to https name.
    package var httpsPort = 443
    /// The number of tables before this one.
    private(set) var tableNumber: UInt32 = 0
    private var connections: [ObjectIdentifier: any ClientConnection] = [:]
    /// The exchanges that have become WebSockets.
    private var webSockets: [ObjectIdentifier: Exchange] = [:]
    private var closesWebSockets = false
    private var drained: EventLoopPromise<Void>?
    private var isDraining = false

    private var exchanges: [Exchange] = []
    package var turnDelay = TimeAmount.microseconds(20)
    /// Exchanges that continue in a later tick of the event loop.
    private var turns = TurnQueue<Exchange>()
    private var buffers: [ByteBuffer] = []
    /// Connections to flush at the end of this turn of the event loop.
    private var unflushed: [any FlushedLater] = []

    /// Creates a worker. Call it on the event loop.
    package init(_ setup: WorkerSetup, index: Int = 0, on eventLoop: any EventLoop) {
        let meters = setup.registry.makeShard(on: eventLoop)
        self.index = index
        self.eventLoop = eventLoop
        self.now = eventLoop.now
        self.shared = setup.shared
        self.events = setup.shared.events.makeWorkerSink()
        self.settings = setup.settings
        self.meters = meters
        self.consumerMeters = ConsumerMeters(meters)
        self.reporter = RequestReporter(setup.settings.reports, to: setup.shared.requestReports)
        self.traced = setup.shared.tracedRequests.makeMailbox()
        self.keeper = RequestKeeper(setup.shared.keptRequests)
        self.accessLog = setup.accessLog?.makeSink(on: eventLoop)
        self.accessLogFormat = AccessLogFormat(setup.accessLogStyle, secrets: setup.settings.secretParameters)
        self.log = setup.log
        var seed = SystemRandomNumberGenerator()
        self.random = Xoshiro256(seededBy: &seed)
        self.deadlines = DeadlineWheel(eventLoop: eventLoop)
        self.table = RoutingTable.empty(counting: meters)
    }

    /// Reads the event loop's clock. Call it at the start of each event.
    @discardableResult
    package func tick() -> NIODeadline {
        self.now = self.eventLoop.now
        return self.now
    }

    package static let eventLoopLag = MetricDescription(
        "gateway_event_loop_lag_seconds",
        .histogram,
        help: "How late an event loop runs a task, measured each second.",
        labels: ["worker"],
        unit: .seconds
    )

    func observeLag(_ lag: TimeAmount) {
        let histogram = self.lag ?? self.meters.histogram(Self.eventLoopLag, [String(self.index)])
        self.lag = histogram
        histogram.observe(nanoseconds: UInt64(max(0, lag.nanoseconds)))
    }

    // MARK: Exchanges

    /// Returns an exchange to parse a request into.
    package func makeExchange() -> Exchange {
        self.exchanges.popLast() ?? Exchange(worker: self, plan: self.table.unrouted)
    }

    /// Takes back an exchange that has ended, or whose head was incomplete.
    func recycle(_ exchange: Exchange) {
        exchange.release()
        // Exchanges keep the memory of the largest head that they have seen, so their number is limited. One that began
        // before a reload would keep its old plan.
        if self.exchanges.count < 256, exchange.tableNumber == self.tableNumber {
            self.exchanges.append(exchange)
        } else {
            exchange.discard()
        }
    }

    /// Serves new requests by another table and settings. Exchanges that have begun keep their plans.
    package func replace(_ table: RoutingTable, settings: WorkerSettings) {
        self.table = table
        self.settings = settings
        self.reporter.policy = settings.reports
        self.tableNumber &+= 1
        for exchange in self.exchanges { exchange.discard() }
        self.exchanges = []
    }

    /// Logs further requests in another format, to another destination. Lines so far go to the old one.
    package func replaceAccessLog(_ writer: LogWriter?, style: AccessLogStyle) {
        self.accessLogFormat = AccessLogFormat(style, secrets: self.settings.secretParameters)
        guard writer !== self.accessLog?.writer else { return }
        self.accessLog?.flush()
        self.accessLog = writer?.makeSink(on: self.eventLoop)
    }

    /// Continues the exchange's transforms after the event loop's other work. A task that is due at once would run
    /// before the sockets are read, so it is delayed slightly.
    func nextTurn(_ exchange: Exchange) {
        guard self.turns.add(exchange, life: exchange.generation) else { return }
        let worker = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: self.turnDelay) { worker.value.takeTurns() }
    }

    private func takeTurns() {
        self.tick()
        for (exchange, life) in self.turns.takeAll() where exchange.generation == life { exchange.driver.takeTurn() }
    }

    // MARK: Buffers

    /// Returns an empty buffer for output. Return it after it was written.
    package func takeBuffer() -> ByteBuffer {
        guard var buffer = self.buffers.popLast() else { return ByteBufferAllocator().buffer(capacity: 4096) }
        buffer.clear()
        return buffer
    }

    package func giveBack(_ buffer: consuming ByteBuffer) {
        if self.buffers.count < 16, buffer.capacity <= 32 * 1024 { self.buffers.append(buffer) }
    }

    // MARK: Flushes

    /// Flushes a connection after the other events of this turn of the event loop, which may add to its output.
    func flushLater(_ connection: any FlushedLater) {
        self.unflushed.append(connection)
        guard self.unflushed.count == 1 else { return }
        let worker = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.execute { worker.value.flushConnections() }
    }

    private func flushConnections() {
        self.tick()
        let connections = self.unflushed
        self.unflushed.removeAll(keepingCapacity: true)
        for connection in connections where connection.isFlushScheduled { connection.flushNow() }
    }

    // MARK: Connections

    func opened(_ connection: any ClientConnection) {
        self.connections[ObjectIdentifier(connection)] = connection
        if self.isDraining || connection.listener.isLeaving { connection.drain() }
    }

    package func closed(_ connection: any ClientConnection) {
        self.connections[ObjectIdentifier(connection)] = nil
        if self.connections.isEmpty { self.endDrain() }
    }

    /// Creates the state of a listener's connections on this event loop.
    func makeListenerPlan(_ address: ListenAddress, limits: ConnectionLimits) -> ListenerPlan {
        ListenerPlan(address, limits: limits, shared: self.shared, meters: self.meters)
    }

    /// Applies new limits to the connections of a listener.
    func change(_ limits: ConnectionLimits, of listener: ListenerPlan) {
        let old = listener.limits
        guard limits != old else { return }
        listener.limits = limits
        for connection in self.connections.values where connection.listener === listener {
            connection.limitsChanged(from: old)
        }
    }

    /// Closes the connections of a listener that closes after their requests.
    func leave(_ listener: ListenerPlan) {
        listener.isLeaving = true
        for connection in Array(self.connections.values) where connection.listener === listener { connection.drain() }
    }

    /// Counts a new connection. At the limit, closes the connection that has been idle longest if the settings allow
    /// it.
    ///
    /// - Returns: False if there are too many connections.
    func admitConnection() -> Bool {
        let limit = self.settings.maxConnections
        if self.shared.admitConnection(limit: limit) { return true }
        guard self.settings.displacesIdle else { return false }
        let idle = self.connections.values.compactMap { connection in connection.idleSince.map { ($0, connection) } }
        guard let (_, oldest) = idle.min(by: { $0.0 < $1.0 }) else { return false }
        oldest.close()
        return self.shared.admitConnection(limit: limit)
    }

    /// Ends keep-alive if the gateway drains: closes each connection after its response, and idle ones if no further
    /// request arrives. Allows it again if the drain was taken back.
    package func followDrain() {
        guard self.isDraining != self.shared.isDraining else { return }
        self.isDraining.toggle()
        for connection in Array(self.connections.values) where !connection.listener.isLeaving {
            if self.isDraining { connection.drain() } else { connection.drainCancelled() }
        }
        if self.isDraining { self.closeWebSockets() } else { self.closesWebSockets = false }
    }

    /// Closes all WebSockets, and those that open from now on, with 1001.
    func closeWebSockets() {
        self.closesWebSockets = true
        for exchange in Array(self.webSockets.values) { exchange.driver.closeWebSocket() }
    }

    /// Called when an exchange has become a WebSocket. Returns whether it has to be closed at once.
    func opened(webSocket exchange: Exchange) -> Bool {
        self.webSockets[ObjectIdentifier(exchange)] = exchange
        return self.closesWebSockets
    }

    func closed(webSocket exchange: Exchange) { self.webSockets[ObjectIdentifier(exchange)] = nil }

    /// Closes each connection after its response, and idle ones if no further request arrives. The future succeeds
    /// when no connection is left. A second call returns the same future.
    package func drain() -> EventLoopFuture<Void> {
        self.isDraining = true
        if let drained = self.drained { return drained.futureResult }
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.drained = promise
        for connection in Array(self.connections.values) { connection.drain() }
        if self.connections.isEmpty { self.endDrain() }
        return promise.futureResult
    }

    /// Closes the remaining connections. Returns how many of them lost a request.
    func cutAll() -> Int {
        let cut = Array(self.connections.values).filter { $0.drainTimeIsUp() }
        self.endDrain()
        return cut.count
    }

    /// Ends the drain, so that its future succeeds.
    func endDrain() {
        self.drained?.succeed()
        self.drained = nil
    }

    /// Stops the worker. Call it before the event loop ends.
    package func stop() {
        self.accessLog?.flush()
        for upstream in self.table.upstreams { upstream.stop() }
        self.deadlines.stop()
    }

    // MARK: Time of day

    /// Replaces the time of day in tests whose event loop has a manual clock.
    package var timeOfDay: (() -> Int64)?

    /// Milliseconds since 1970.
    package var unixMilliseconds: Int64 { self.timeOfDay?() ?? Platform.unixMilliseconds() }

    /// Returns the current value of `Date`.
    package func date() -> [UInt8] { self.dates.imfFixdate(second: self.unixMilliseconds / 1000) }
}

@available(*, unavailable)
extension Worker: Sendable {}

/// Objects to be called in a later tick of the event loop, in the order in which they asked.
///
/// An object may be reused for another purpose in the meantime. Its generation distinguishes these uses, so that an
/// entry from an earlier use does not count for the current one.
struct TurnQueue<Member: AnyObject> {
    private var waiting: [(member: Member, life: UInt32)] = []

    /// Adds a member unless it is already waiting. Returns whether the queue was empty, so that the caller has to
    /// schedule a tick.
    mutating func add(_ member: Member, life: UInt32) -> Bool {
        let isFirst = self.waiting.isEmpty
        if !self.waiting.contains(where: { $0.member === member && $0.life == life }) {
            self.waiting.append((member, life))
        }
        return isFirst
    }

    /// Removes and returns all members. Members added from now on wait for the next tick.
    mutating func takeAll() -> [(member: Member, life: UInt32)] {
        defer { self.waiting = [] }
        return self.waiting
    }
}

/// xoshiro256**: fast random numbers for identifiers and load balancing. Not cryptographically secure.
package struct Xoshiro256: RandomNumberGenerator {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    init(seededBy seed: inout some RandomNumberGenerator) {
        self.state = (seed.next(), seed.next(), seed.next(), seed.next() | 1)
    }

    package mutating func next() -> UInt64 {
        let result = Self.rotate(self.state.1 &* 5, 7) &* 9
        let shifted = self.state.1 << 17
        self.state.2 ^= self.state.0
        self.state.3 ^= self.state.1
        self.state.1 ^= self.state.2
        self.state.0 ^= self.state.3
        self.state.2 ^= shifted
        self.state.3 = Self.rotate(self.state.3, 45)
        return result
    }

    @inline(__always)
    private static func rotate(_ value: UInt64, _ by: UInt64) -> UInt64 { value << by | value >> (64 - by) }
}
