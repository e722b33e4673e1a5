package import GatewayCore
import GatewayHTTP
import NIOCore

/// What a gateway takes over from the process that started it.
package struct Inheritance: Sendable {
    package var sockets: [PassedSocket]
    /// Called when everything listens. Connections wait until it returns.
    package var whenReady: @Sendable () async -> Void

    package init(sockets: [PassedSocket] = [], whenReady: @escaping @Sendable () async -> Void = {}) {
        self.sockets = sockets
        self.whenReady = whenReady
    }

    /// The address that binding to a host name would choose.
    static func resolve(_ host: String, _ port: Int) -> IPAddress? {
        (try? SocketAddress.makeAddressResolvingHost(host, port: port))?.ipAddress.flatMap { IPAddress($0) }
    }
}
