import GatewaySettings
package import NIOCore
import Synchronization

/// One address of a target, shared by all workers. It has separate connections on each worker, and its own health and
/// share of the balancing.
package final class UpstreamEndpoint: Sendable {
    package let address: SocketAddress
    /// The label in the log and in `/upstreams`: `10.0.0.7:9001`, `[::1]:9001`, `unix:/run/app.sock`.
    package let label: String
    /// Identifies the endpoint on every gateway of a fleet: the target, plus the address if the target is a name.
    let identity: String
    package let circuit: EndpointCircuit
    private let changes: EndpointChanges
    private let machine: Mutex<EndpointHealth>
    /// The part of the health that requests read, without the lock.
    private let summary: Atomic<UInt8>
    /// The reasons of health checks and operators.
    private let reasons = Atomic<UInt8>(0)
    /// The results of health checks. Nil without health checks.
    let polling = Mutex<EndpointPolling?>(nil)
    /// The share of its weight that the endpoint gets, in percent.
    let share = Atomic(SlowStart.full)
    /// The number of workers that have, or may have, connections to the endpoint.
    private let pools = Atomic(0)
    private let leaving = Atomic(false)

    private static let down: UInt8 = 1
    /// `connected` or `answered` would change the health.
    private static let unsettled: UInt8 = 2

    init(
        _ address: SocketAddress,
        identity: String,
        changes: EndpointChanges,
        at moment: EndpointHealth.Moment = .current
    ) {
        self.address = address
        self.label = Self.label(of: address)
        self.identity = identity
        self.changes = changes
        self.circuit = EndpointCircuit(changes)
        self.machine = Mutex(EndpointHealth(since: moment))
        self.summary = Atomic(Self.unsettled)
    }

    package static func label(of address: SocketAddress) -> String {
        if let path = address.pathname { return "unix:\(path)" }
        return HostAndPort.text(address.ipAddress ?? "", address.port ?? 0)
    }

    // MARK: Health

    var health: EndpointHealth { self.machine.withLock { $0 } }

    var isInRotation: Bool { self.summary.load(ordering: .relaxed) & Self.down == 0 }

    /// Why requests do not go to the endpoint, if they do not.
    var availability: EndpointAvailability {
        var availability = EndpointAvailability(rawValue: self.reasons.load(ordering: .relaxed))
        if !self.isInRotation { availability.insert(.unreachable) }
        availability.formUnion(self.circuit.availability)
        return availability
    }

    /// Adds or removes reasons that requests do not go to the endpoint, and notifies the workers of a change.
    func set(_ reasons: EndpointAvailability, _ applies: Bool) {
        let old =
            applies
            ? self.reasons.bitwiseOr(reasons.rawValue, ordering: .relaxed).oldValue
            : self.reasons.bitwiseAnd(~reasons.rawValue, ordering: .relaxed).oldValue
        let isChanged = applies ? old & reasons.rawValue != reasons.rawValue : old & reasons.rawValue != 0
        if isChanged { self.announce() }
    }

    /// Notifies the workers that something about the endpoint has changed.
    func announce() { self.changes.announce() }

    /// Records a failure. Exactly one caller learns of each change: it logs the change and starts the background
    /// connection.
    ///
    /// - Returns: What changed.
    func failed(_ failure: UpstreamFailure, begun: NIODeadline, at moment: EndpointHealth.Moment = .current)
        -> EndpointHealth.OnFailed
    {
        let result = self.change { $0.failed(failure, begun: begun, at: moment) }
        if case .left = result { self.changes.announce() }
        return result
    }

    func probeFailed(_ failure: UpstreamFailure, at moment: EndpointHealth.Moment = .current) -> TimeAmount? {
        self.change { $0.probeFailed(failure, at: moment) }
    }

    func connected(at moment: @autoclosure () -> EndpointHealth.Moment = .current) -> EndpointHealth.OnConnected {
        guard self.summary.load(ordering: .relaxed) != 0 else { return .unchanged }
        let moment = moment()
        let result = self.change { $0.connected(at: moment) }
        if case .returned = result { self.changes.announce() }
        return result
    }

    func answered() {
        guard self.summary.load(ordering: .relaxed) == Self.unsettled else { return }
        self.change { $0.answered() }
    }

    private func change<Result>(_ body: (inout EndpointHealth) -> Result) -> Result {
        self.machine.withLock { machine in
            let result = body(&machine)
            var summary: UInt8 = machine.isInRotation ? 0 : Self.down
            if machine.isOnProbation || machine.state == .unknown { summary |= Self.unsettled }
            self.summary.store(summary, ordering: .relaxed)
            return result
        }
    }

    // MARK: Coming and going

    /// Whether the address was removed from its name. The endpoint finishes its requests.
    var isLeaving: Bool { self.leaving.load(ordering: .relaxed) }

    func leave() {
        self.leaving.store(true, ordering: .relaxed)
        self.circuit.leave()
    }

    func addPool() { self.pools.add(1, ordering: .relaxed) }

    func removePool() { self.pools.subtract(1, ordering: .relaxed) }

    /// Whether a worker still has connections to the endpoint.
    var isInUse: Bool { self.pools.load(ordering: .relaxed) > 0 }
}

extension EndpointHealth.Moment {
    static var current: Self { Self(now: .now(), time: Platform.unixMilliseconds()) }
}
