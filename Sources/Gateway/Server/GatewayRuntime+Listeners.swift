import GatewayAdmin
import GatewayCore
import GatewayMiddlewares
import GatewaySettings
import Logging
import NIOConcurrencyHelpers

extension GatewayRuntime {
    /// Binds all addresses, or none if one fails. The admin API comes last so that it reports readiness only when the
    /// gateway listens.
    func listen(_ inheritance: Inheritance = Inheritance()) async throws {
        await self.watch.start(watching: self.workers.workers)
        var sockets = PassedSockets(inheritance.sockets)
        let passed = sockets.assign(to: self.listenAddresses, resolve: Inheritance.resolve)
        let change = try await self.workers.prepareListeners(
            on: Array(passed.prefix(self.configuration.server.listen.count))
        )
        do {
            // The address of the admin API is the last one, if it has one.
            try await self.listenForAdmin(on: passed.last ?? nil) {
                await inheritance.whenReady()
                await self.workers.apply(change)
            }
        } catch {
            await self.workers.discard(change)
            throw error
        }
        for socket in sockets.unassigned {
            Platform.close(socket.descriptor)
            self.log.warning(
                "closed a socket that was passed to the gateway, because no listener has its address",
                metadata: ["address": "\(socket.address)", "descriptor": "\(socket.descriptor)"]
            )
        }
    }

    private func listenForAdmin(
        on passed: PassedSocket?,
        whenBound: () async -> Void
    ) async throws {
        guard case .address(let address) = self.configuration.admin.listen else { return await whenBound() }
        let listener = try await self.startAdmin(at: address, on: passed, whenBound: whenBound)
        self.admin.withLockedValue { $0 = listener }
    }

    /// - Parameters:
    ///   - leaving: Listeners that will close, whose addresses may overlap.
    ///   - passed: The socket to use, which another process opened. Nil to open one.
    ///   - whenBound: Called when the address is bound. Connections wait until it returns.
    func startAdmin(
        at address: ListenAddress,
        replacing leaving: LeavingListeners = LeavingListeners(),
        on passed: PassedSocket? = nil,
        whenBound: () async -> Void = {}
    ) async throws -> AdminListener {
        try await AdminListener.start(
            address,
            AdminRouter(status: self.status),
            middlewares: [{ RequestIDMiddleware(RequestIDMiddleware.Config(), in: &$0) }],
            replacing: leaving,
            on: passed,
            log: self.log,
            whenBound: whenBound
        )
    }

    private var listenAddresses: [ListenAddress] {
        guard case .address(let address) = self.configuration.admin.listen else {
            return self.configuration.server.listen
        }
        return self.configuration.server.listen + [address]
    }

    /// All listening sockets, including that of the admin API, for a process that takes them over.
    func listeningSockets() async -> [(origin: PassedSocket.Origin, descriptor: CInt)] {
        var sockets = await self.workers.listeningSockets()
        if let admin = self.adminListener { sockets += await admin.listeningSockets() }
        return sockets
    }
}
