import GatewaySettings
import Logging
import NIOCore

/// What one event loop owns: the routes as compiled for it, its deadlines, meters and log lines, and the objects that it
/// uses again. Nothing here is seen by another loop, so nothing is locked.
final class Worker {
    let index: Int
    let eventLoop: any EventLoop
    let shared: SharedState
    let meters: MeterShard
    let accessLog: LogSink?
    let log: Logger
    let deadlines: DeadlineWheel
    var accessLogFormat: AccessLogFormat
    /// When the event that is being handled came in.
    private(set) var now: NIODeadline
    private var dates = DateCache()
    var random: Xoshiro256
    /// Reused by each request whose path is not in normal form already.
    var normalizedPath: [UInt8] = []
    /// Resumptions that came a second time or too late.
    var staleResumptions = 0
    var listeners: [ListenerPlan] = []
    /// Replaced whole by a reload.
    var table: RoutingTable
    private var connections: [ObjectIdentifier: ConnectionHandler] = [:]
    private var drained: EventLoopPromise<Void>?
    /// Whether a connection over the limit displaces an idle one instead of being refused.
    var displacesIdle = false
    private var isDraining = false

    private var exchanges: [Exchange] = []
    var turnDelay = TimeAmount.microseconds(20)
    /// With work left for a later turn of the loop, and the life in which they have it.
    private var turns = TurnQueue<Exchange>()
    private var buffers: [ByteBuffer] = []

    init(
        index: Int,
        eventLoop: any EventLoop,
        shared: SharedState,
        meters: MeterShard,
        accessLog: LogSink?,
        accessLogFormat: consuming AccessLogFormat,
        log: Logger
    ) {
        self.index = index
        self.eventLoop = eventLoop
        self.now = eventLoop.now
        self.shared = shared
        self.meters = meters
        self.accessLog = accessLog
        self.accessLogFormat = accessLogFormat
        self.log = log
        var seed = SystemRandomNumberGenerator()
        self.random = Xoshiro256(seededBy: &seed)
        self.deadlines = DeadlineWheel(eventLoop: eventLoop)
        self.table = RoutingTable.empty(counting: meters)
    }

    /// Reads the loop's clock; called where the loop hands over an event.
    @discardableResult
    func tick() -> NIODeadline {
        self.now = self.eventLoop.now
        return self.now
    }

    // MARK: Exchanges

    /// An exchange for a request that is about to be parsed into it.
    func makeExchange() -> Exchange {
        self.exchanges.popLast() ?? Exchange(worker: self, plan: self.table.unrouted)
    }

    /// Takes an exchange back whose head did not come after all, or that is over.
    func recycle(_ exchange: Exchange) {
        exchange.release()
        // An exchange that has seen a giant head keeps its memory; not many such are kept.
        if self.exchanges.count < 256 { self.exchanges.append(exchange) } else { exchange.discard() }
    }

    /// Comes back to the exchange's transforms behind whatever else the loop has to do. A task that is ready at once
    /// would come before the sockets, so it is put off by a moment.
    func nextTurn(_ exchange: Exchange) {
        guard self.turns.add(exchange, life: exchange.generation) else { return }
        let worker = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: self.turnDelay) { worker.value.takeTurns() }
    }

    private func takeTurns() {
        self.tick()
        for (exchange, life) in self.turns.takeAll() where exchange.generation == life { exchange.takeTurn() }
    }

    // MARK: Buffers

    /// An empty buffer to collect output in. Give it back when it has been written.
    func takeBuffer() -> ByteBuffer {
        guard var buffer = self.buffers.popLast() else { return ByteBufferAllocator().buffer(capacity: 4096) }
        buffer.clear()
        return buffer
    }

    func giveBack(_ buffer: consuming ByteBuffer) {
        if self.buffers.count < 16, buffer.capacity <= 32 * 1024 { self.buffers.append(buffer) }
    }

    // MARK: Connections

    func opened(_ connection: ConnectionHandler) {
        self.connections[ObjectIdentifier(connection)] = connection
        if self.isDraining { connection.drain() }
    }

    func closed(_ connection: ConnectionHandler) {
        self.connections[ObjectIdentifier(connection)] = nil
        if self.connections.isEmpty { self.endDrain() }
    }

    /// Counts a new connection. At the limit, closes the longest idle one for it if this worker is told to.
    ///
    /// - Returns: false if there are too many connections.
    func admitConnection() -> Bool {
        if self.shared.admitConnection() { return true }
        guard self.displacesIdle else { return false }
        let idle = self.connections.values.compactMap { connection in connection.idleSince.map { ($0, connection) } }
        guard let (_, oldest) = idle.min(by: { $0.0 < $1.0 }) else { return false }
        oldest.context?.close(promise: nil)
        return self.shared.admitConnection()
    }

    /// Closes each connection after its answer, and one that is idle when no further request comes. The future succeeds
    /// when none is left; a second call waits for the same.
    func drain() -> EventLoopFuture<Void> {
        self.isDraining = true
        if let drained = self.drained { return drained.futureResult }
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.drained = promise
        for connection in Array(self.connections.values) { connection.drain() }
        if self.connections.isEmpty { self.endDrain() }
        return promise.futureResult
    }

    /// Closes what is still open. Returns how many connections that cost a request.
    func cutAll() -> Int {
        let cut = Array(self.connections.values).filter { $0.drainTimeIsUp() }
        self.endDrain()
        return cut.count
    }

    /// Whoever waits for the drain waits no longer.
    func endDrain() {
        self.drained?.succeed()
        self.drained = nil
    }

    /// The loop is going away.
    func stop() {
        self.accessLog?.flush()
        for upstream in self.table.upstreams { upstream.stop() }
        self.deadlines.stop()
    }

    // MARK: Time of day

    /// Stands in for the time of day, where the loop's clock does not run by itself.
    var timeOfDay: (() -> Int64)?

    /// Since 1970.
    var unixMilliseconds: Int64 { self.timeOfDay?() ?? Platform.unixMilliseconds() }

    /// The value of `Date` now.
    func date() -> [UInt8] { self.dates.imfFixdate(second: self.unixMilliseconds / 1000) }
}

@available(*, unavailable)
extension Worker: Sendable {}

/// xoshiro256**: fast numbers for identifiers and balancing. Nothing secret is made of them.
struct Xoshiro256: RandomNumberGenerator {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    init(seededBy seed: inout some RandomNumberGenerator) {
        self.state = (seed.next(), seed.next(), seed.next(), seed.next() | 1)
    }

    mutating func next() -> UInt64 {
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
