import GatewaySettings
import NIOCore
import Synchronization

/// The circuit breakers of one upstream: their settings, and how many endpoints may be out at the same time.
///
/// It is exact across workers and survives reloads. An endpoint is out from the time its circuit opens until it closes.
package final class CircuitGroup: Sendable {
    struct Settings: Sendable, Equatable {
        var breaker = CircuitBreaker.Settings()
        var maxEjected = 0.5
    }

    private struct State {
        var settings: Settings?
        var members = 0
        var out = 0
    }

    private let state: Mutex<State>

    package init() { self.state = Mutex(State()) }

    /// Nil if the upstream has no circuit breaker.
    var settings: Settings? {
        get { self.state.withLock { $0.settings } }
        set { self.state.withLock { $0.settings = newValue } }
    }

    func join() { self.state.withLock { $0.members += 1 } }

    func leave() { self.state.withLock { $0.members -= 1 } }

    /// Takes room for one more endpoint that is out.
    ///
    /// - Returns: False if too many endpoints are out already.
    func takeRoom() -> Bool {
        self.state.withLock { state in
            guard state.out < Self.room(among: state.members, share: state.settings?.maxEjected ?? 0) else {
                return false
            }
            state.out += 1
            return true
        }
    }

    func returnRoom() { self.state.withLock { $0.out -= 1 } }

    /// Returns how many of an upstream's endpoints may be out. One always may.
    static func room(among members: Int, share: Double) -> Int {
        // The share may be a little less than what was written: 0.29 times 100 is below 29.
        max(1, Int((Double(members) * share + 1e-9).rounded(.down)))
    }
}

extension CircuitGroup.Settings {
    package init(_ configuration: CircuitBreakerConfiguration) {
        self.breaker = CircuitBreaker.Settings(
            failures: configuration.failures,
            errorRate: configuration.errorRate,
            window: TimeAmount(configuration.window),
            minRequests: configuration.minRequests,
            openFor: TimeAmount(configuration.openFor),
            maxOpen: TimeAmount(configuration.maxOpen),
            probes: configuration.probes
        )
        self.maxEjected = configuration.maxEjected
    }
}
