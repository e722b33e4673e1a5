import GatewayHTTP2
package import NIOCore

/// Timeouts, pings, and the drain.
extension HTTP2Connection: DeadlineOwner, ClientConnection {
    /// How long a client may take to answer a ping.
    private static let pingTimeout = TimeAmount.seconds(10)
    /// How long to wait for the answer to the ping of a drain.
    private static let drainGrace = TimeAmount.seconds(1)
    /// How long a client may take to close, after the connection ended.
    static let lingerTime = TimeAmount.seconds(2)
    /// The data of the PING that follows the first GOAWAY.
    static let drainPing: UInt64 = 0x6761_7465_7761_7921
    private static let keepalivePing: UInt64 = 0x6761_7465_7761_793F

    // MARK: Deadlines

    func arm() {
        if let next = self.clock.arm(self.nextDeadline) { self.worker.deadlines.set(self.deadlineSlot, to: next) }
    }

    /// Looks at the streams at this time.
    func check(at deadline: NIODeadline) {
        guard deadline < self.clock.streamDeadline else { return }
        self.clock.streamDeadline = deadline
        self.arm()
    }

    private var nextDeadline: NIODeadline {
        switch self.phase {
        case .closed: return .distantFuture
        case .closing: return self.clock.drainDeadline
        case .preface, .settings: return min(self.prefaceDeadline, self.clock.drainDeadline)
        case .open: break
        }
        var next = min(self.clock.drainDeadline, self.clock.streamDeadline)
        if let since = self.clock.blockSince { next = min(next, since + self.listener.limits.headerTimeout) }
        if let since = self.clock.idleSince { return min(next, since + self.listener.limits.keepAlive) }
        return min(next, self.pingDeadline)
    }

    private var prefaceDeadline: NIODeadline { self.clock.openedAt + self.listener.limits.headerTimeout }

    /// When to send a ping, or to give up waiting for its answer.
    private var pingDeadline: NIODeadline {
        if let sentAt = self.clock.pingSentAt { return sentAt + Self.pingTimeout }
        return self.limits.keepalivePing.map { self.clock.receivedAt + $0 } ?? .distantFuture
    }

    func deadlineReached(now: NIODeadline) {
        self.worker.tick()
        self.clock.disarm()
        defer { if self.phase != .closed { self.arm() } }
        switch self.phase {
        case .closed: return
        case .closing:
            if self.clock.drainDeadline <= now { self.context?.close(promise: nil) }
            return
        case .preface, .settings:
            guard self.prefaceDeadline <= now || self.clock.drainDeadline <= now else { return }
            self.worker.table.unrouted.meters.countTimeout(.header)
            return self.fail(HTTP2ConnectionError(.settingsTimeout, "no SETTINGS in time"))
        case .open: break
        }
        if let since = self.clock.blockSince, since + self.listener.limits.headerTimeout <= now {
            self.worker.table.unrouted.meters.countTimeout(.header)
            return self.fail(HTTP2ConnectionError(.enhanceYourCalm, "field block too slow"))
        }
        if self.clock.drainDeadline <= now { self.finishDrain() }
        if self.clock.streamDeadline <= now { self.checkStreams(at: now) }
        guard self.phase == .open else { return }
        if let since = self.clock.idleSince {
            if since + self.listener.limits.keepAlive <= now { self.finishDrain() }
        } else if self.pingDeadline <= now {
            self.pingOrGiveUp()
        }
    }

    private func pingOrGiveUp() {
        guard self.clock.pingSentAt == nil else {
            self.context?.close(promise: nil)
            return
        }
        self.clock.pingSentAt = self.worker.now
        self.output.collect { $0.writePing(Self.keepalivePing, isAcknowledgement: false) }
        self.flushNow()
    }

    /// Ends streams whose client takes or sends its body too slowly.
    private func checkStreams(at now: NIODeadline) {
        self.clock.streamDeadline = .distantFuture
        let timeout = self.listener.limits.writeTimeout
        var next = NIODeadline.distantFuture
        for stream in Array(self.streams.values) where self.phase == .open {
            if stream.clock.readDeadline <= now { stream.bodyTooSlow() }
            next = min(next, stream.clock.readDeadline)
            if stream.restDeadline <= now {
                self.reset(stream, .noError)
            } else {
                next = min(next, stream.restDeadline)
            }
            guard let since = stream.blockedSince else { continue }
            if since + timeout > now {
                next = min(next, since + timeout)
            } else if self.clock.sentAt + timeout <= now {
                return self.fail(self.flood(.stalled))
            } else {
                self.forget(stream, .byServer)
                self.output.collect { $0.writeReset(stream.id, .cancel) }
                stream.exchange?.plan.meters.countTimeout(.write)
                stream.exchange?.driver.clientGone(.timedOut(.write))
            }
        }
        self.check(at: next)
        self.streamEnded()
        self.flushNow()
    }

    // MARK: As the worker sees it

    package var idleSince: NIODeadline? {
        let unwritten = (try? self.context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        guard self.phase == .open, unwritten == 0 else { return nil }
        return self.clock.idleSince
    }

    package func limitsChanged(from old: ConnectionLimits) { self.arm() }

    package func close() {
        self.output.collect { $0.writeGoAway(last: self.ledger.last, .noError) }
        self.flushNow()
        self.context?.close(promise: nil)
    }

    // MARK: The drain

    /// Tells the client to open no more streams. The last one is announced a round trip later, so that requests on their
    /// way are served (RFC 9113 section 6.8).
    package func drain() {
        guard self.drainState == .none else { return }
        switch self.phase {
        case .closing, .closed: return
        case .preface, .settings, .open: break
        }
        self.drainState = .announced
        self.clock.drainDeadline = self.worker.tick() + Self.drainGrace
        self.output.collect { buffer in
            buffer.writeGoAway(last: UInt32(FlowWindow.maximum), .noError)
            buffer.writePing(Self.drainPing, isAcknowledgement: false)
        }
        self.flushLater()
        self.arm()
    }

    /// A GOAWAY cannot be taken back.
    package func drainCancelled() {}

    /// Announces the last stream. The connection closes when the open ones have ended.
    func finishDrain() {
        if case .final = self.drainState { return }
        switch self.phase {
        case .closing, .closed: return
        case .preface, .settings, .open: break
        }
        self.drainState = .final(last: self.ledger.last)
        self.clock.drainDeadline = .distantFuture
        self.output.collect { $0.writeGoAway(last: self.ledger.last, .noError) }
        self.flushLater()
        self.streamEnded()
    }

    /// The client has sent GOAWAY.
    func clientLeaves() { self.finishDrain() }

    package func drainTimeIsUp() -> Bool {
        let isCut = !self.streams.isEmpty || self.block != nil
        self.worker.tick()
        for stream in Array(self.streams.values) { stream.exchange?.driver.drainTimeIsUp() }
        self.finishDrain()
        self.flushNow()
        self.context?.close(promise: nil)
        return isCut
    }
}
