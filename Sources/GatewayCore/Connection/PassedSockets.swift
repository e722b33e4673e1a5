package import GatewayHTTP
package import GatewaySettings

/// Decides which passed socket serves which address.
package struct PassedSockets: Sendable {
    private var free: [PassedSocket]

    package init(_ sockets: [PassedSocket]) { self.free = sockets }

    /// The socket for each address, in the same order. The gateway has to bind addresses for which there is none. Equal
    /// addresses with port 0 get different sockets.
    ///
    /// - Parameter resolve: Returns the IP address that a host name would be bound to.
    package mutating func assign(
        to addresses: [ListenAddress],
        resolve: (_ host: String, _ port: Int) -> IPAddress?
    ) -> [PassedSocket?] {
        var assigned = [PassedSocket?](repeating: nil, count: addresses.count)
        if self.free.isEmpty { return assigned }
        let wanted = addresses.map { address -> (ListenAddress, PassedSocket.Address?) in
            switch address.location {
            case .unix(let path): (address, .unix(path: path))
            case .host(let host, let port):
                (address, (IPAddress(host) ?? resolve(host, port)).map { .ip($0, port: port) })
            }
        }
        // An exact match must not be taken by an address that would also accept another socket.
        for rule in [Self.isOrigin, Self.isSame, Self.standsIn] {
            for (place, (address, location)) in wanted.enumerated() where assigned[place] == nil {
                guard let index = self.free.firstIndex(where: { rule($0, address, location) }) else { continue }
                assigned[place] = self.free.remove(at: index)
            }
        }
        return assigned
    }

    /// The sockets that serve no address.
    package var unassigned: [PassedSocket] { self.free }

    // MARK: Rules, strictest first

    private typealias Rule = @Sendable (PassedSocket, ListenAddress, PassedSocket.Address?) -> Bool

    private static let isOrigin: Rule = { socket, address, _ in socket.origin?.address.location == address.location }

    private static let isSame: Rule = { socket, _, wanted in
        switch (socket.address, wanted) {
        case (.ip(let ip, let port, _), .ip(let other, let otherPort, _)?): ip == other && port == otherPort
        case (.unix(let path), .unix(let other)?): path == other
        default: false
        }
    }

    /// A socket on `[::]` also serves IPv4, so it serves `0.0.0.0`; any port serves port 0.
    private static let standsIn: Rule = { socket, _, wanted in
        guard case .ip(let ip, let port, let servesIPv4) = socket.address,
            case .ip(let other, let otherPort, _)? = wanted, otherPort == port || otherPort == 0
        else { return false }
        return ip == other || servesIPv4 && ip == IPAddress("::") && other == IPAddress("0.0.0.0")
    }
}

/// What the environment says about passed sockets (systemd's `sd_listen_fds(3)`).
package struct SocketActivation: Hashable, Sendable {
    /// The first passed descriptor. Fixed by the protocol.
    package static let first: CInt = 3
    /// To be removed from the environment once it was read, so that no other program takes the sockets for its own.
    package static let variables = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_PIDFDID"]

    package let descriptors: Range<CInt>

    /// Nil if no sockets were passed, or if they were passed to another process.
    package init?(_ environment: [String: String], process: CInt) {
        guard environment["LISTEN_PID"].flatMap({ CInt($0) }) == process else { return nil }
        self.init(count: environment["LISTEN_FDS"])
    }

    /// - Parameter count: The value of `LISTEN_FDS`.
    package init?(count: String?) {
        guard let count = count.flatMap({ CInt($0) }), count > 0, count <= 4096 else { return nil }
        self.descriptors = Self.first..<Self.first + count
    }
}
