import Gateway
import NIOCore

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Tells the service manager that the gateway is ready and that it works.
struct ServiceReport: Sendable {
    private let notifier: ServiceNotifier
    private let server: GatewayServer
    private let watchdog: ServiceWatchdog?

    init(_ server: GatewayServer, _ notifier: ServiceNotifier, environment: Environment) {
        self.server = server
        self.notifier = notifier
        self.watchdog = ServiceWatchdog(environment.values, process: getpid())
    }

    /// Reports until the task is cancelled, or until another process takes over.
    func run(until handover: Handover) async throws {
        _ = try await self.server.boundAddresses()
        self.notifier.send(.ready)
        guard let watchdog else { return }
        while await !handover.isHandedOver {
            // Without a message in time, the manager restarts the gateway.
            if await self.server.eventLoopsRespond(within: watchdog.patience) { self.notifier.send(.watchdog) }
            try await Task.sleep(nanoseconds: UInt64(watchdog.interval.nanoseconds))
        }
    }
}
