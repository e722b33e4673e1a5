import GatewaySettings

/// How many files a configuration has to have open.
struct FileDemand {
    /// An event loop's selector, its alarm clock, and what wakes it.
    private static let ofEventLoop = 3
    /// The look-up of names, and the first connections.
    private static let reserve = 16
    /// No system has more files.
    private static let most = 1 << 31

    /// Beside those that are open already. With fewer nothing can be served.
    let start: Int
    /// So many are open once all clients that `connections` admits are there, each with a connection to an upstream; nil
    /// where `connections` follows from the limit on files.
    let full: Int?

    init(_ configuration: GatewayConfiguration, workers: Int) {
        var start = workers * Self.ofEventLoop + configuration.server.listen.count + Self.reserve
        if configuration.admin.listen != .off { start += Self.ofEventLoop + 1 }
        if case .file = configuration.log.access { start += 1 }
        self.start = start
        self.full = configuration.server.limits.connections.number.map { limit in
            let clients = min(limit, Self.most)
            let upstream = configuration.upstreams.values.reduce(0) { sum, upstream in
                min(clients, sum + upstream.targets.count * min(upstream.maxConnections, Self.most))
            }
            return start + clients + upstream
        }
    }
}

/// The process may open too few files for its configuration.
public struct FileLimitError: Error, CustomStringConvertible {
    /// The number of files that may be open.
    public let limit: Int
    /// The number of files that are needed, including those already open.
    public let needed: Int

    public var description: String {
        """
        this process may open \(self.limit) files, and its configuration needs at least \(self.needed): raise the limit \
        (ulimit -n, LimitNOFILE), or set fewer server.workers
        """
    }
}
