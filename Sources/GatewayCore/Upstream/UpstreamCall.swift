package import GatewayHTTP
import GatewayHTTP1
package import NIOCore

/// A request on its way through a cluster: the endpoints it has tried, the pool it uses or waits in, and when it was
/// sent and answered.
///
/// The caller owns the call and may reuse it. The cluster, its pools and connections keep their state for the request
/// here, and report events to the `UpstreamCaller`.
package final class UpstreamCall {
    /// The caller, or nil while no cluster works on the call.
    private(set) var caller: (any UpstreamCaller)?
    /// Changes whenever the call is reused.
    private(set) var number: UInt32 = 0
    private(set) var method = Method.get
    /// Whether the request's body is sent in chunks.
    private(set) var isChunked = false
    /// How long to wait for a connection.
    private(set) var connectTimeout = TimeAmount.zero
    /// Whether the request asks for another protocol, which takes an HTTP/1.1 connection for itself.
    private(set) var isUpgrade = false

    // MARK: Endpoints

    /// The pool of the endpoint that the request goes to.
    var pool: UpstreamPool?
    /// The endpoints that have failed the request, by their index in the cluster.
    var tried = TargetSet()
    /// Whether the request was sent to an endpoint out of the rotation, because no other was left.
    var hasTriedLastResort = false
    /// The endpoint of the last try, for a retry.
    private(set) var lastTried: Int?
    /// Whether the current endpoint has failed the request, possibly with a response.
    var hasFailedHere = false
    /// The number under which the circuit breaker of the endpoint admitted the request. Nil once it has judged it.
    private(set) var circuitNumber: UInt32?
    /// Present while the request is the probe of a circuit.
    var probe: CircuitProbe?
    /// Chooses the endpoint of an upstream with `balance = "hash"`.
    var balanceHash: UInt64 = 0

    // MARK: Waiting

    /// Whether the request waits for the first address of its upstream.
    var awaitsAddress = false
    /// The request's entry in the queue of the pool.
    var waiter: UpstreamPool.Machine.WaiterID?
    /// Whether a reused connection closed before it delivered a response.
    var needsFreshConnection = false
    /// The connection that refused the request, which must not get it again.
    var avoided: UpstreamPool.Machine.ConnectionID?
    /// How often the request was sent to the current endpoint again.
    var resends = 0

    // MARK: Request and response

    /// How often the request was sent, or could not be sent for lack of a connection.
    package var attempts = 0
    /// The number of tries, including those that ended before an endpoint was chosen.
    package var tries: Int {
        if self.failedTries.isEmpty { return self.attempts }
        return max(self.attempts, self.failedTries.count + (self.isTrying ? 1 : 0))
    }
    /// Whether a try has begun since the last one failed. Not so while a retry waits.
    package var isTrying: Bool { self.attempts > self.attemptsBefore || self.pool != nil }
    /// How often the request was tried again after a response or a failure, beside failover.
    package private(set) var retries = 0
    /// The value of `attempts` when the current try began.
    private var attemptsBefore = 0
    /// The tries that were followed by another one.
    package private(set) var failedTries: [UpstreamTry] = []
    /// What is known about the current try, or the last one. `Exchange.upstreamTries` completes it.
    package var lastTry = UpstreamTry()
    /// Whether an upstream may have received a part of the request.
    package var mayHaveArrived = false
    /// The part of the body that was sent, in case the connection turns out to be closed.
    var replay = ReplayBuffer()
    /// When the request was last sent, in this try or an earlier one.
    package private(set) var sentAt: NIODeadline?
    package var answerBeganAt: NIODeadline? { self.lastTry.answerBeganAt }
    package var answerEndedAt: NIODeadline? { self.lastTry.endedAt }

    var target: UpstreamTarget? { self.pool?.target ?? self.reportedTarget }
    /// The target of a call that was made on behalf of this one.
    var reportedTarget: UpstreamTarget?

    // MARK: For the caller

    /// Starts the call. Pass it to a cluster next.
    package func begin(
        for caller: any UpstreamCaller,
        method: Method,
        isChunked: Bool,
        connectTimeout: TimeAmount,
        isUpgrade: Bool = false
    ) {
        self.caller = caller
        self.method = method
        self.isChunked = isChunked
        self.connectTimeout = connectTimeout
        self.isUpgrade = isUpgrade
    }

    /// Stops waiting for an endpoint or a connection.
    func stopWaiting() {
        self.awaitsAddress = false
        self.endTry()
        if self.waiter != nil { self.pool?.stopWaiting(self) }
    }

    /// Handles a timeout of ``Deadlines/Phase/connect``: the request goes to another endpoint, or fails.
    ///
    /// - Returns: False if the request had no endpoint yet, so the caller has to fail it.
    func connectTimedOut() -> Bool {
        guard let pool = self.pool else { return false }
        pool.stopWaiting(self)
        pool.connectFailed(self, .connectTimeout())
        return true
    }

    /// Records that the endpoint did not begin its response in time.
    package func timedOut(at now: NIODeadline) {
        self.failed(.timeout, at: now)
        self.pool?.judge(self, .timeout)
    }

    /// Records why there is no response, or no end of it. Nil: the target is not at fault.
    func failed(_ failure: UpstreamFailure?, at now: NIODeadline) {
        self.lastTry.end(after: failure.map { .upstream($0) }, at: now)
    }

    /// Records why the request is tried again. ``nextTry()`` follows once the endpoint was left.
    func failedTry(_ failure: UpstreamTry.Failure?, at now: NIODeadline) {
        self.lastTry.target = self.target
        self.lastTry.endpoint = self.pool?.endpoint
        self.lastTry.end(after: failure, at: now)
        self.failedTries.append(self.lastTry)
    }

    /// Begins the record of the next try.
    func nextTry() { self.lastTry = UpstreamTry() }

    /// Prepares to send the same request again, after its response was dropped or it failed.
    func restart(after failure: UpstreamTry.Failure?, at now: NIODeadline) {
        self.endTry()
        self.failedTry(failure, at: now)
        // The try may have ended while it waited for a connection.
        if self.attempts == self.attemptsBefore { self.attempts += 1 }
        self.attemptsBefore = self.attempts
        self.retries += 1
        if let pool = self.pool {
            self.tried.insert(pool.index)
            self.lastTried = pool.index
        }
        self.leavePool()
        self.nextTry()
    }

    /// Ends the call: the caller needs nothing more from the upstream.
    func end() {
        self.caller = nil
        self.number &+= 1
        self.awaitsAddress = false
        self.endTry()
        self.replay.forget()
        self.leavePool()
    }

    /// Takes over what the log and the metrics say about a call that was made on behalf of this one.
    func report(_ other: UpstreamCall) {
        self.reportedTarget = other.target ?? self.reportedTarget
        self.attempts = other.attempts
        self.retries = other.retries
        self.attemptsBefore = other.attemptsBefore
        self.failedTries = other.failedTries
        self.lastTry = other.lastTry
        self.lastTry.endpoint = other.pool?.endpoint ?? other.lastTry.endpoint
        self.sentAt = other.sentAt
    }

    /// Clears the state of the last request.
    func reset() {
        self.tried = TargetSet()
        self.hasTriedLastResort = false
        self.hasFailedHere = false
        self.needsFreshConnection = false
        self.avoided = nil
        self.attempts = 0
        self.retries = 0
        self.attemptsBefore = 0
        if !self.failedTries.isEmpty { self.failedTries = [] }
        self.mayHaveArrived = false
        self.replay = ReplayBuffer()
        self.sentAt = nil
        self.lastTry = UpstreamTry()
    }

    // MARK: For the upstream

    /// Records that the request head was written.
    func sent(at now: NIODeadline) {
        self.attempts += 1
        self.sentAt = now
        self.lastTry.sentAt = now
    }

    func begin(try number: UInt32) {
        self.endTry()
        self.circuitNumber = number
    }

    /// Ends a try. Its outcome has been reported, or there is none.
    func endTry() {
        self.circuitNumber = nil
        if self.probe != nil { self.probe = nil }
    }

    /// Leaves the current endpoint.
    func leavePool() {
        guard let pool = self.pool else { return }
        self.pool = nil
        pool.finished(self)
    }

    package func fail(_ error: GatewayError) { self.caller?.upstreamFailed(error) }
}

@available(*, unavailable)
extension UpstreamCall: Sendable {}
