package import GatewaySettings
package import GatewayTLS
import NIOConcurrencyHelpers
import NIOCore

/// The listeners of a new configuration, bound but not serving yet.
package struct ListenerChange: Sendable {
    /// In the order of the configuration.
    let listeners: [Listener]
    let addresses: [ListenAddress]
    let opened: [Listener]
    package let leaving: LeavingListeners
    let limits: LimitsConfiguration
    let tls: ServerTLS?

    /// The port of the first listener with TLS, which is 443 for clients if there is none with a port.
    var httpsPort: Int {
        guard self.tls != nil else { return 443 }
        return zip(self.listeners, self.addresses).lazy.filter { $1.scheme != .http }
            .compactMap { $0.0.boundAddress?.port }.first ?? 443
    }
}

/// Listeners that close when other listeners have taken their place.
package struct LeavingListeners: Sendable {
    let listeners: [Listener]

    init(_ listeners: [Listener]) { self.listeners = listeners }

    package init() { self.listeners = [] }

    package static func + (left: Self, right: Self) -> Self { Self(left.listeners + right.listeners) }
}

/// Listeners that come and go while the workers run.
extension WorkerGroup {
    /// Binds the addresses that have no listener yet, or none of them. Their connections wait until the change is
    /// applied. Nothing else changes.
    ///
    /// - Parameters:
    ///   - tls: TLS for the addresses that use it.
    ///   - others: Listeners of other groups that will close, whose addresses may overlap.
    ///   - passed: Sockets that another process opened, in the order of the addresses; nil to open one.
    /// - Throws: ``ListenError`` if an address is not available.
    package func prepareListeners(
        _ addresses: [ListenAddress],
        limits: LimitsConfiguration,
        tls: ServerTLS? = nil,
        replacing others: LeavingListeners = LeavingListeners(),
        on passed: [PassedSocket?] = []
    ) async throws -> ListenerChange {
        var leaving = self.listeners.withLockedValue { $0 }
        var listeners: [Listener?] = addresses.map { address in
            let leavesIPv4 = address.leavesIPv4(to: addresses)
            let place = leaving.firstIndex { $0.address.location == address.location && $0.leavesIPv4 == leavesIPv4 }
            return place.map { leaving.remove(at: $0) }
        }
        var opened: [Listener] = []
        do {
            for (index, address) in addresses.enumerated() where listeners[index] == nil {
                let overlapping = (leaving + others.listeners).filter { $0.mayOverlap(address) }
                for listener in overlapping { await listener.sharePort() }
                let listener = try await Listener.bind(
                    address,
                    workers: self.workers,
                    group: self.group,
                    limits: limits,
                    leavesIPv4: address.leavesIPv4(to: addresses),
                    isPaused: true,
                    sharesPort: !overlapping.isEmpty,
                    passed: index < passed.count ? passed[index] : nil
                )
                listeners[index] = listener
                opened.append(listener)
            }
        } catch {
            for listener in opened { await listener.discard() }
            for listener in leaving + others.listeners { await listener.sharePort(false) }
            throw error
        }
        return ListenerChange(
            listeners: listeners.compactMap { $0 },
            addresses: addresses,
            opened: opened,
            leaving: LeavingListeners(leaving),
            limits: limits,
            tls: tls
        )
    }

    /// Serves the new listeners, and applies the limits to connections of those that stay.
    package func apply(_ change: ListenerChange) async {
        self.listeners.withLockedValue { $0 = change.listeners }
        let httpsPort = change.httpsPort
        for (index, worker) in self.workers.enumerated() {
            let limited = worker.eventLoop.submit {
                let limits = ConnectionLimits(change.limits)
                worker.value.httpsPort = httpsPort
                for (listener, address) in zip(change.listeners, change.addresses) {
                    let plan = listener.plans[index].value
                    plan.security = address.scheme == .http ? nil : change.tls
                    worker.value.change(limits, of: plan)
                }
            }
            try? await limited.get()
        }
        for listener in change.opened {
            await listener.sharePort(false)
            await listener.resume()
        }
    }

    /// Closes listeners that have left. Their connections close after their requests, as in a drain.
    package func close(_ leaving: LeavingListeners) async {
        for (index, worker) in self.workers.enumerated() {
            let told = worker.eventLoop.submit {
                for listener in leaving.listeners { worker.value.leave(listener.plans[index].value) }
            }
            try? await told.get()
        }
        for listener in leaving.listeners { await listener.close() }
    }

    /// Closes the listeners that were bound for a change that is not applied.
    package func discard(_ change: ListenerChange) async {
        for listener in change.opened { await listener.discard() }
        for listener in change.leaving.listeners { await listener.sharePort(false) }
    }

    /// The listening sockets, for a process that takes them over.
    package func listeningSockets() async -> [(origin: PassedSocket.Origin, descriptor: CInt)] {
        var sockets: [(PassedSocket.Origin, CInt)] = []
        for listener in self.listeners.withLockedValue({ $0 }) {
            if let descriptor = await listener.descriptor() { sockets.append((listener.origin, descriptor)) }
        }
        return sockets
    }

    /// All listeners, for a group that takes over their addresses.
    package var leavingListeners: LeavingListeners { LeavingListeners(self.listeners.withLockedValue { $0 }) }
}
