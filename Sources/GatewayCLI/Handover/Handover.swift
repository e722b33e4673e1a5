import Gateway
import GatewayCore
import GatewaySettings
import Logging
import NIOCore

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Replaces this process with a new one that has the same listening sockets.
actor Handover {
    /// How often to look whether the successor is ready or has ended.
    private static let lookInterval: UInt64 = 10_000_000

    private let server: GatewayServer
    private let notifier: ServiceNotifier
    private let program: String?
    private let log: Logger
    private var machine = HandoverStateMachine()

    /// - Parameter program: The path of the program, found at the start.
    init(_ server: GatewayServer, program: String?, notifier: ServiceNotifier, log: Logger) {
        self.server = server
        self.program = program
        self.notifier = notifier
        self.log = log
    }

    var isHandedOver: Bool { self.machine.isHandedOver }

    /// Starts a successor, and hands over once it is ready. Returns when that has happened or failed.
    func start() async {
        // Wait for the listeners of this process, which the successor takes over.
        guard let sockets = try? await self.server.listeningSockets() else { return }
        if case .refuse(let refusal) = self.machine.requested(process: getpid()) {
            self.log.notice("ignored USR2: \(refusal)")
            return
        }
        do throws(SystemCallError) {
            let (successor, channel) = try self.spawn(with: sockets)
            defer { channel.close() }
            self.log.notice("handover started", metadata: Self.metadata(successor))
            await self.watch(successor, channel)
        } catch {
            self.report("cannot start the new process: \(error)", of: nil)
        }
    }

    /// Ends a successor that is not ready yet, because this process ends.
    func end() {
        if case .terminate(let successor) = self.machine.ownEnd() { kill(successor, SIGTERM) }
    }

    private func spawn(
        with sockets: [(origin: PassedSocket.Origin, descriptor: CInt)]
    ) throws(SystemCallError) -> (SuccessorProcess, HandoverChannel) {
        guard let program = self.program else { throw SystemCallError("/proc/self/exe", ENOENT) }
        let (own, other) = try HandoverChannel.pair()
        defer { other.close() }
        do throws(SystemCallError) {
            let invitation = HandoverInvitation(predecessor: getpid(), origins: sockets.map(\.origin))
            let successor = try SuccessorProcess.start(
                program,
                arguments: CommandLine.arguments,
                environment: invitation.environment(from: Environment.current.values),
                invitation: invitation,
                sockets: sockets.map(\.descriptor),
                channel: other.descriptor
            )
            self.machine.started(successor.id, at: .now())
            return (successor, own)
        } catch {
            own.close()
            throw error
        }
    }

    private func watch(_ successor: SuccessorProcess, _ channel: HandoverChannel) async {
        while true {
            if channel.hasSuccessorReported(), self.machine.successorReady() == .handOver {
                return await self.complete(successor, channel)
            }
            if let end = successor.poll() {
                if case .fail(let failure) = self.machine.successorEnded(end) {
                    self.report("\(failure)", of: successor)
                }
                return
            }
            switch self.machine.timePassed(at: .now()) {
            case .wait: break
            case .terminate: successor.terminate()
            case .kill: successor.cut()
            }
            try? await Task.sleep(nanoseconds: Self.lookInterval)
        }
    }

    private func complete(_ successor: SuccessorProcess, _ channel: HandoverChannel) async {
        // NIO does not expect that another process accepts what it was told about, so only one accepts at a time.
        await self.server.stopAccepting()
        self.log.notice("handed over", metadata: Self.metadata(successor))
        self.server.publish(Self.event("gateway.handed_over", .info, successor))
        // A service manager stops the service when its main process ends, so it has to know the new one before.
        self.notifier.send(.mainProcess(successor.id))
        channel.agree()
        self.server.handOver()
    }

    private func report(_ reason: String, of successor: SuccessorProcess?) {
        var metadata = Self.metadata(successor)
        metadata["reason"] = "\(reason)"
        self.log.error("handover failed; this process continues to serve", metadata: metadata)
        self.server.publish(Self.event("gateway.handover_failed", .warning, successor, reason: reason))
    }

    private static func metadata(_ successor: SuccessorProcess?) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["pid": "\(getpid())"]
        if let successor { metadata["successor"] = "\(successor.id)" }
        return metadata
    }

    private static func event(
        _ type: String,
        _ severity: EventSeverity,
        _ successor: SuccessorProcess?,
        reason: String? = nil
    ) -> GatewayEvent {
        var data: [String: JSONValue] = [
            "pid": .integer(Int(getpid())), "version": .string(GatewayVersion.current),
        ]
        data["successor"] = successor.map { .integer(Int($0.id)) }
        data["reason"] = reason.map { .string($0) }
        return GatewayEvent(type, severity, topic: "gateway", data)
    }
}
