import Gateway
import GatewayCore
import GatewaySettings

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The sockets that this process was started with: by systemd, or by the gateway that it replaces.
struct ProcessInheritance: Sendable {
    let sockets: [PassedSocket]
    let invitation: HandoverInvitation?

    /// Examines the passed sockets. Removes the variables that name them, so that no program that this one starts takes
    /// the sockets for its own.
    ///
    /// - Throws: `PassedSocketError` if the gateway cannot listen on one of them.
    static func take(from environment: Environment) throws(PassedSocketError) -> ProcessInheritance {
        let invitation = environment[HandoverInvitation.variable].flatMap { HandoverInvitation($0) }
        let activation = SocketActivation(environment.values, process: getpid())
        for name in SocketActivation.variables + [HandoverInvitation.variable] { unsetenv(name) }
        var sockets: [PassedSocket] = []
        for (index, descriptor) in (invitation?.sockets ?? activation?.descriptors ?? 0..<0).enumerated() {
            sockets.append(try PassedSocket(reading: descriptor, origin: invitation?.origins[index]))
        }
        if let invitation { _ = Platform.closeOnExec(invitation.channel) }
        return ProcessInheritance(sockets: sockets, invitation: invitation)
    }

    /// What the server needs to know.
    var forServer: Inheritance {
        guard let invitation else { return Inheritance(sockets: self.sockets) }
        return Inheritance(sockets: self.sockets) {
            let channel = HandoverChannel(descriptor: invitation.channel)
            await channel.report()
            channel.close()
        }
    }
}
