import DequeModule
import NIOCore

/// The connections of one event loop to one target, and the requests that wait for one.
///
/// A waiting request is not bound to a connection: the first connection that is ready serves the request that has
/// waited longest. A permit is held from the decision to connect until the connection is reported as closed.
///
/// A connection that serves several requests at a time is leased while it serves any. Its owner gives further requests
/// to it, and asks for one that waits whenever it could serve another.
struct PoolStateMachine<Connection, Waiter> {
    struct Configuration: Sendable {
        /// How long a request waits where no permit is free.
        var queue: TimeAmount = .seconds(1)
        /// How long an idle connection is kept, unless the upstream says less.
        var idle: TimeAmount = .seconds(60)
    }

    /// Identifies a connection, and stays unique when its slot is reused.
    struct ConnectionID: Hashable, Sendable {
        fileprivate(set) var index: Int32
        fileprivate(set) var generation: UInt32
    }

    struct WaiterID: Hashable, Sendable, Comparable {
        fileprivate(set) var number: UInt64

        static func < (left: Self, right: Self) -> Bool { left.number < right.number }
    }

    /// A connection given to a request. It ends with `released` or `closed`.
    struct Lease {
        let id: ConnectionID
        let connection: Connection
        /// No request was sent on it before, so its failure says something about the target.
        let isFresh: Bool
    }

    /// The lifecycle of a connection.
    package enum Stage: Equatable {
        /// The slot is free. Next: connecting.
        case free
        /// Next: leased, idle, closing (not needed), free (failed).
        case connecting
        /// Next: leased, closing (expired, or needed by another worker), free (closed by the upstream).
        case idle
        /// Next: leased (by the next request), idle, closing, free (closed during the request).
        case leased
        /// Told to close. Next: free.
        case closing
    }

    struct Place {
        package var stage = Stage.free
        var generation: UInt32 = 0
        var connection: Connection?
        var wasUsed = false
        var idleUntil = NIODeadline.distantPast
        /// The connection closes to free its permit for another worker.
        var isReclaimed = false
    }

    struct Queued {
        let id: WaiterID
        let waiter: Waiter
        let since: NIODeadline
        let deadline: NIODeadline
        /// The request holds a slot in the queue shared by all workers.
        let isCounted: Bool
    }

    var configuration: Configuration
    /// The expected number of requests that a new connection serves at a time.
    var streams = 1
    let permits: ConnectionPermits.Worker
    var places: [Place] = []
    var freePlaces: [Int32] = []
    /// Used last in, first out, so that surplus connections expire.
    var idle: [ConnectionID] = []
    var waiters: Deque<Queued> = []
    var connecting = 0
    /// Closing connections whose permits stay with this worker.
    var closing = 0
    var isDraining = false
    private var nextNumber: UInt64 = 0
    private var toldNeed = 0
    private var toldSince = NIODeadline.distantPast

    init(configuration: Configuration, permits: ConnectionPermits.Worker) {
        self.configuration = configuration
        self.permits = permits
    }

    /// Whether no connection, in any stage, and no waiting request is left.
    var isEmpty: Bool { freePlaces.count == places.count && waiters.isEmpty }

    /// The number of connections that serve a request.
    var leased: Int { places.count - freePlaces.count - idle.count - connecting - closing }

    /// When `expire` next has something to do.
    var nextExpiry: NIODeadline? {
        let oldest = idle.lazy.map { places[Int($0.index)].idleUntil }.min()
        let first = waiters.lazy.map(\.deadline).min()
        return [oldest, first].compactMap { $0 }.min()
    }

    /// Returns the connection if it is open.
    func connection(_ id: ConnectionID) -> Connection? {
        stage(of: id) == .free ? nil : places[Int(id.index)].connection
    }

    /// Returns the stage of a connection. `free` if its slot now belongs to another connection.
    package func stage(of id: ConnectionID) -> Stage {
        let place = places[Int(id.index)]
        return place.generation == id.generation ? place.stage : .free
    }

    // MARK: Steps shared by the events

    /// Whether more requests wait than the connections that are on their way can serve.
    var needsConnection: Bool { waiters.count > (connecting + closing) * streams }

    mutating func beginConnecting() -> ConnectionID {
        connecting += 1
        let index: Int32
        if let free = freePlaces.popLast() {
            index = free
        } else {
            index = Int32(places.count)
            places.append(Place())
        }
        places[Int(index)].stage = .connecting
        return ConnectionID(index: index, generation: places[Int(index)].generation)
    }

    /// Frees the slot. The caller handles the permit.
    mutating func vacate(_ id: ConnectionID) {
        let generation = places[Int(id.index)].generation
        places[Int(id.index)] = Place(generation: generation &+ 1)
        freePlaces.append(id.index)
    }

    mutating func lease(_ id: ConnectionID, _ connection: Connection) -> Lease {
        let index = Int(id.index)
        let isFresh = !places[index].wasUsed
        places[index].stage = .leased
        places[index].wasUsed = true
        return Lease(id: id, connection: connection, isFresh: isFresh)
    }

    mutating func park(_ id: ConnectionID, until deadline: NIODeadline) {
        places[Int(id.index)].stage = .idle
        places[Int(id.index)].idleUntil = deadline
        idle.append(id)
    }

    mutating func beginClosing(_ id: ConnectionID, reclaimed: Bool = false) {
        places[Int(id.index)].stage = .closing
        places[Int(id.index)].isReclaimed = reclaimed
        if !reclaimed { closing += 1 }
    }

    mutating func enqueue(_ waiter: Waiter, at now: NIODeadline, until deadline: NIODeadline, counted: Bool) -> WaiterID
    {
        let id = WaiterID(number: nextNumber)
        nextNumber += 1
        waiters.append(Queued(id: id, waiter: waiter, since: now, deadline: deadline, isCounted: counted))
        return id
    }

    mutating func popWaiter() -> Waiter? {
        guard let first = waiters.popFirst() else { return nil }
        if first.isCounted { permits.unqueue() }
        return first.waiter
    }

    /// Returns whether a permit in hand must go to another worker. Costs one relaxed load if no worker needs one.
    func isToYield() -> Bool {
        guard permits.othersNeed(beside: toldNeed) else { return false }
        return permits.tryReclaim(oldest: waiters.first?.since)
    }

    /// Announces the permits that this worker needs to the other workers, if the number has changed.
    mutating func updateNeed() {
        let need = max(0, (waiters.count + streams - 1) / streams - connecting - closing)
        let since = waiters.first?.since ?? .distantFuture
        if need == 0, toldNeed == 0 { return }
        if need == toldNeed, since == toldSince { return }
        toldNeed = need
        toldSince = since
        permits.need(need, since: since)
    }

    /// Reuses the permit of a lost connection for a waiting request, or returns it.
    mutating func reusePermit(reclaimed: Bool) -> ConnectionID? {
        if !reclaimed, needsConnection {
            if !isToYield() {
                let id = beginConnecting()
                updateNeed()
                return id
            }
            permits.give(reclaimed: true)
        } else {
            permits.give(reclaimed: reclaimed)
        }
        updateNeed()
        return nil
    }

    /// Claims the permits that other workers have granted.
    mutating func takeGranted() -> Int {
        let granted = permits.claim()
        toldNeed = max(0, toldNeed - granted)
        return granted
    }
}
