import NIOCore

@testable import GatewayCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A socket that a test opens without an event loop, as a service manager does.
final class SystemSocket: Sendable {
    struct NotOpened: Error { let reason: String }

    let descriptor: CInt

    #if canImport(Glibc)
        static let stream = CInt(SOCK_STREAM.rawValue)
        static let datagram = CInt(SOCK_DGRAM.rawValue)
    #else
        static let stream = SOCK_STREAM
        static let datagram = SOCK_DGRAM
    #endif

    /// - Parameter listens: Whether to listen after binding.
    init(_ address: SocketAddress, type: CInt = SystemSocket.stream, listens: Bool = true) throws {
        self.descriptor = socket(CInt(address.protocol.rawValue), type, 0)
        let isBound = address.withSockAddr { bind(self.descriptor, $0, socklen_t($1)) } == 0
        guard isBound, !listens || listen(self.descriptor, 64) == 0 else {
            throw NotOpened(reason: String(cString: strerror(errno)))
        }
    }

    static func loopback(type: CInt = SystemSocket.stream, listens: Bool = true) throws -> SystemSocket {
        try SystemSocket(try SocketAddress(ipAddress: "127.0.0.1", port: 0), type: type, listens: listens)
    }

    static func unix(_ path: String, type: CInt = SystemSocket.stream, listens: Bool = true) throws -> SystemSocket {
        try SystemSocket(try SocketAddress(unixDomainSocketPath: path), type: type, listens: listens)
    }

    deinit { close(self.descriptor) }

    /// The bound address, as it is written in a configuration.
    var text: String {
        get throws { "\(try PassedSocket(reading: self.descriptor, origin: nil).address)" }
    }

    /// The datagrams that have arrived.
    func datagrams() -> [String] {
        var all: [String] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(self.descriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT))
            guard count > 0 else { return all }
            all.append(String(decoding: buffer[..<count], as: UTF8.self))
        }
    }
}
