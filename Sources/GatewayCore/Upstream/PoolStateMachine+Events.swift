import DequeModule
import NIOCore

extension PoolStateMachine {
    enum OnAcquire {
        /// Use this idle connection.
        case reuse(Lease)
        /// The request waits. Open this connection.
        case connect(ConnectionID, WaiterID)
        /// The request waits for a connection that is already being opened and that can serve it.
        case join(WaiterID)
        /// The request waits for a connection that another request uses.
        case wait(WaiterID)
        /// Too many requests wait already: respond with 503.
        case refuse
    }

    /// Finds a connection for a request.
    ///
    /// - Parameters:
    ///   - connectTimeout: The timeout of a new connection. The caller enforces it.
    ///   - waiter: Called only if the request must wait.
    mutating func acquire(now: NIODeadline, connectTimeout: TimeAmount, waiter: () -> Waiter) -> OnAcquire {
        for index in idle.indices.reversed() {
            let id = idle[index]
            guard places[Int(id.index)].idleUntil > now, let connection = places[Int(id.index)].connection else {
                continue
            }
            idle.remove(at: index)
            return .reuse(lease(id, connection))
        }
        let whenConnected = now + connectTimeout + configuration.queue
        if connecting * streams > waiters.count {
            return .join(enqueue(waiter(), at: now, until: whenConnected, counted: false))
        }
        if permits.tryTake() {
            let connection = beginConnecting()
            return .connect(connection, enqueue(waiter(), at: now, until: whenConnected, counted: false))
        }
        guard permits.tryQueue() else { return .refuse }
        let id = enqueue(waiter(), at: now, until: now + configuration.queue, counted: true)
        updateNeed()
        return .wait(id)
    }

    enum OnConnected {
        case handTo(Waiter, Lease)
        /// The connection is idle now.
        case park
        /// Close it and report `closed`.
        case close
    }

    /// Records that a requested connection is open.
    mutating func connected(_ id: ConnectionID, _ connection: Connection, now: NIODeadline) -> OnConnected {
        guard stage(of: id) == .connecting else { return .close }
        connecting -= 1
        places[Int(id.index)].connection = connection
        if let waiter = popWaiter() {
            // Others may be served by the same connection.
            if streams == 1 { updateNeed() }
            return .handTo(waiter, lease(id, connection))
        }
        if isDraining {
            beginClosing(id)
            return .close
        }
        if isToYield() {
            beginClosing(id, reclaimed: true)
            return .close
        }
        park(id, until: now + configuration.idle)
        return .park
    }

    struct OnConnectFailed {
        /// The waiting requests that fail with the connection.
        var failed: [Waiter] = []
        /// Open this connection for the requests that still wait.
        var connect: ConnectionID?
    }

    /// Records that a requested connection could not be opened.
    mutating func connectFailed(_ id: ConnectionID) -> OnConnectFailed {
        guard stage(of: id) == .connecting else { return OnConnectFailed() }
        connecting -= 1
        vacate(id)
        var result = OnConnectFailed()
        while result.failed.count < streams, let waiter = popWaiter() { result.failed.append(waiter) }
        result.connect = reusePermit(reclaimed: false)
        return result
    }

    /// Returns the request that has waited longest, for a leased connection that can serve another one. Call
    /// `updateNeed` after the last one.
    ///
    /// - Parameter fits: Whether the connection may serve the request.
    mutating func nextWaiter(where fits: (Waiter) -> Bool) -> Waiter? {
        guard let first = waiters.first, fits(first.waiter) else { return nil }
        return popWaiter()
    }

    enum OnStreamEnded {
        case keep
        case handTo(Waiter)
        /// Give no more requests to the connection, and close it once it serves none.
        case drain
    }

    /// Records that a leased connection, which still serves other requests, can serve another one.
    ///
    /// - Parameter fits: Whether the connection may serve the request.
    mutating func streamEnded(_ id: ConnectionID, where fits: (Waiter) -> Bool) -> OnStreamEnded {
        guard stage(of: id) == .leased else { return .keep }
        if isToYield() {
            beginClosing(id, reclaimed: true)
            updateNeed()
            return .drain
        }
        guard let waiter = nextWaiter(where: fits) else { return .keep }
        updateNeed()
        return .handTo(waiter)
    }

    enum OnReleased {
        case handTo(Waiter, Lease)
        /// The connection is idle now.
        case park
        /// Close it and report `closed`.
        case close
    }

    /// Returns a connection after its request.
    ///
    /// - Parameters:
    ///   - reusable: Whether both messages are complete and both sides keep the connection open.
    ///   - keepAlive: The `Keep-Alive: timeout` that the upstream announced.
    mutating func released(
        _ id: ConnectionID,
        reusable: Bool,
        keepAlive: TimeAmount? = nil,
        now: NIODeadline
    ) -> OnReleased {
        guard stage(of: id) == .leased else { return .close }
        guard reusable, let connection = places[Int(id.index)].connection else {
            beginClosing(id)
            updateNeed()
            return .close
        }
        if isToYield() {
            beginClosing(id, reclaimed: true)
            updateNeed()
            return .close
        }
        // One second less than the upstream, so that it does not close the connection while a request is on its way.
        let kept = min(configuration.idle, keepAlive.map { $0 - .seconds(1) } ?? configuration.idle)
        if let waiter = popWaiter() {
            if streams == 1 { updateNeed() }
            return .handTo(waiter, lease(id, connection))
        }
        if isDraining || kept <= .zero {
            beginClosing(id)
            return .close
        }
        park(id, until: now + kept)
        return .park
    }

    enum OnClosed {
        case none
        /// Open this connection for the requests that wait.
        case connect(ConnectionID)
    }

    /// Records that a connection closed, no matter which side closed it. This ends its lease, if any. Report a
    /// connection that never opened with `connectFailed` instead.
    mutating func closed(_ id: ConnectionID) -> OnClosed {
        switch stage(of: id) {
        case .free, .connecting: return .none
        case .idle: idle.removeAll { $0 == id }
        case .leased: break
        case .closing: if !places[Int(id.index)].isReclaimed { closing -= 1 }
        }
        let reclaimed = places[Int(id.index)].isReclaimed
        vacate(id)
        return reusePermit(reclaimed: reclaimed).map(OnClosed.connect) ?? .none
    }

    /// Removes a waiting request whose client left or whose time is up.
    ///
    /// - Returns: The waiter, or nil if it was already served, failed or expired.
    mutating func cancel(_ id: WaiterID) -> Waiter? {
        var low = 0
        var high = waiters.count
        while low < high {
            let middle = (low + high) / 2
            if waiters[middle].id < id { low = middle + 1 } else { high = middle }
        }
        guard low < waiters.count, waiters[low].id == id else { return nil }
        let queued = waiters.remove(at: low)
        if queued.isCounted { permits.unqueue() }
        updateNeed()
        return queued.waiter
    }

    struct OnExpire {
        /// Close these and report `closed`.
        var close: [(id: ConnectionID, connection: Connection)] = []
        /// These requests have waited too long: respond with 503.
        var timedOut: [Waiter] = []
    }

    /// Expires idle connections and waiting requests. Call it at `nextExpiry`.
    mutating func expire(now: NIODeadline) -> OnExpire {
        var result = OnExpire()
        result.close = closeIdle { $0.idleUntil <= now }
        if waiters.contains(where: { $0.deadline <= now }) {
            for queued in waiters where queued.deadline <= now {
                if queued.isCounted { permits.unqueue() }
                result.timedOut.append(queued.waiter)
            }
            waiters.removeAll { $0.deadline <= now }
            updateNeed()
        }
        return result
    }

    struct OnPoked {
        /// Open these.
        var connect: [ConnectionID] = []
        /// Close these for other workers, and report `closed`.
        var close: [(id: ConnectionID, connection: Connection)] = []
    }

    /// Handles permits that another worker has granted or needs.
    mutating func poked() -> OnPoked {
        var result = OnPoked()
        for _ in 0..<takeGranted() {
            if needsConnection {
                result.connect.append(beginConnecting())
            } else {
                permits.give()
            }
        }
        updateNeed()
        while let oldest = idle.first, let connection = places[Int(oldest.index)].connection, isToYield() {
            idle.removeFirst()
            beginClosing(oldest, reclaimed: true)
            result.close.append((oldest, connection))
        }
        if idle.isEmpty { permits.hasNoneIdle() }
        return result
    }

    struct OnRetire {
        /// Close these and report `closed`.
        var close: [(id: ConnectionID, connection: Connection)] = []
        /// Close these after their request.
        var leased: [Connection] = []
    }

    /// Gives up the open connections: later requests must not use them.
    mutating func retire() -> OnRetire {
        let leased = places.compactMap { $0.stage == .leased ? $0.connection : nil }
        return OnRetire(close: closeIdle { _ in true }, leased: leased)
    }

    /// Stops keeping idle connections. Requests are still served, until `isEmpty`.
    ///
    /// - Returns: The connections to close and report with `closed`.
    mutating func drain() -> [(id: ConnectionID, connection: Connection)] {
        isDraining = true
        return closeIdle { _ in true }
    }

    private mutating func closeIdle(where condition: (Place) -> Bool) -> [(id: ConnectionID, connection: Connection)] {
        guard idle.contains(where: { condition(places[Int($0.index)]) }) else { return [] }
        var closed: [(id: ConnectionID, connection: Connection)] = []
        var kept: [ConnectionID] = []
        for id in idle {
            if condition(places[Int(id.index)]), let connection = places[Int(id.index)].connection {
                beginClosing(id)
                closed.append((id, connection))
            } else {
                kept.append(id)
            }
        }
        idle = kept
        return closed
    }
}
