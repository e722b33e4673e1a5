package import GatewayHTTP
package import GatewaySettings

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A listening socket that another process opened and passed to this one.
package struct PassedSocket: Hashable, Sendable {
    package let descriptor: CInt
    package let address: Address
    /// What the gateway that passed the socket knew about it; nil if another program passed it.
    package let origin: Origin?

    package enum Address: Hashable, Sendable {
        /// - Parameter servesIPv4: Whether an IPv6 socket also accepts IPv4 connections, as `[::]` usually does.
        case ip(IPAddress, port: Int, servesIPv4: Bool = false)
        /// Abstract if the path begins with `@`.
        case unix(path: String)
    }

    package struct Origin: Hashable, Sendable {
        /// The setting that the socket was opened for.
        package let address: ListenAddress
        /// Whether a service manager holds the socket too.
        package let isHeld: Bool

        package init(_ address: ListenAddress, isHeld: Bool = false) {
            self.address = address
            self.isHeld = isHeld
        }
    }

    /// Whether another process holds the socket as long as this one runs. Its connections then wait for the next process.
    var isHeld: Bool { self.origin?.isHeld ?? true }

    package init(_ descriptor: CInt, _ address: Address, origin: Origin? = nil) {
        self.descriptor = descriptor
        self.address = address
        self.origin = origin
    }
}

extension PassedSocket.Address: CustomStringConvertible {
    package var description: String {
        switch self {
        case .ip(let ip, let port, _): HostAndPort.text("\(ip)", port)
        case .unix(let path): "unix:" + path
        }
    }
}

extension PassedSocket.Origin: CustomStringConvertible {
    /// `own 127.0.0.1:80` or `held 127.0.0.1:80`.
    package var description: String { "\(self.isHeld ? "held" : "own") \(self.address)" }

    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0] == "own" || parts[0] == "held", let address = ListenAddress(String(parts[1]))
        else { return nil }
        self.init(address, isHeld: parts[0] == "held")
    }
}

/// The error for a passed descriptor on which the gateway cannot listen.
package struct PassedSocketError: Error, CustomStringConvertible {
    package let descriptor: CInt
    package let reason: String
    package var description: String { "descriptor \(self.descriptor), passed with LISTEN_FDS, \(self.reason)" }
}

// MARK: - What the system says about a descriptor

extension PassedSocket {
    /// Examines a descriptor and sets close-on-exec on it.
    package init(reading descriptor: CInt, origin: Origin?) throws(PassedSocketError) {
        func refuse(_ reason: String) -> PassedSocketError { PassedSocketError(descriptor: descriptor, reason: reason) }
        guard Platform.closeOnExec(descriptor) else { throw refuse("is not open") }
        guard let type = Self.option(SO_TYPE, of: descriptor) else { throw refuse("is not a socket") }
        guard type == Platform.streamSocket else { throw refuse("is not a stream socket") }
        guard Self.option(SO_ACCEPTCONN, of: descriptor) == 1 else { throw refuse("does not listen") }
        guard let address = Self.address(of: descriptor) else { throw refuse("is of an unknown address family") }
        self.init(descriptor, address, origin: origin)
    }

    private static func option(_ name: CInt, of descriptor: CInt, level: CInt = SOL_SOCKET) -> CInt? {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout.size(ofValue: value))
        return getsockopt(descriptor, level, name, &value, &size) == 0 ? value : nil
    }

    private static func address(of descriptor: CInt) -> Address? {
        var bytes = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_storage>.size)
        var size = socklen_t(bytes.count)
        let family = bytes.withUnsafeMutableBytes { bytes -> CInt? in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                getsockname(descriptor, start, &size) == 0
            else { return nil }
            // The family precedes the address: in two bytes, or in one after the length on BSD.
            #if canImport(Darwin)
                return CInt(bytes[1])
            #else
                return CInt(bytes.load(as: sa_family_t.self))
            #endif
        }
        bytes.removeLast(max(0, bytes.count - Int(size)))
        switch family {
        case AF_INET?: return self.ip(in: bytes).map { .ip($0.address, port: $0.port) }
        case AF_INET6?:
            let isIPv6Only = self.option(IPV6_V6ONLY, of: descriptor, level: CInt(IPPROTO_IPV6)) ?? 1
            return self.ip(in: bytes).map { .ip($0.address, port: $0.port, servesIPv4: isIPv6Only == 0) }
        case AF_UNIX?: return .unix(path: self.path(in: bytes))
        default: return nil
        }
    }

    private static func ip(in address: [UInt8]) -> (address: IPAddress, port: Int)? {
        // The numeric forms of an address with a zone and of a port.
        var host = [CChar](repeating: 0, count: 64)
        var port = [CChar](repeating: 0, count: 8)
        let result = address.withUnsafeBytes { bytes in
            getnameinfo(
                bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(bytes.count),
                &host,
                socklen_t(host.count),
                &port,
                socklen_t(port.count),
                NI_NUMERICHOST | NI_NUMERICSERV
            )
        }
        guard result == 0, let ip = IPAddress(self.text(host).prefix { $0 != "%" }) else { return nil }
        return Int(self.text(port)).map { (ip, $0) }
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func path(in address: [UInt8]) -> String {
        // The family takes two bytes; on Darwin, one of them is the length.
        let path = address.dropFirst(2)
        // An abstract address begins with a zero and may contain more. Others end at the first zero.
        if path.count > 1, path.first == 0 { return "@" + String(decoding: path.dropFirst(), as: UTF8.self) }
        return String(decoding: path.prefix { $0 != 0 }, as: UTF8.self)
    }
}
