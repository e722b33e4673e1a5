import GatewayCore
import GatewaySettings
import Logging
import NIOCore

/// Derives limits from the system's limit on open files.
package enum FileLimits {
    /// Files reserved for upstreams, logs and the gateway itself.
    private static let reserved = 1024
    /// Files that system libraries open briefly. They may be missing from the count.
    private static let passing = 2

    /// Returns the maximum number of concurrent client connections. Warns if the connections to upstreams may exceed
    /// the limit on open files.
    static func connections(of configuration: GatewayConfiguration, workers: Int, log: Logger) -> Int {
        let files = Platform.raiseFileLimit()
        let connections = self.connections(configuration.server.limits.connections, files: files)
        if let files, let full = FileDemand(configuration, workers: workers).full, full > files {
            log.warning(
                """
                server.limits.connections is \(connections): with the connections to upstreams that may take \(full) \
                files, and this process may open only \(files): raise its limit (ulimit -n, LimitNOFILE) or lower the \
                setting
                """
            )
        }
        return connections
    }

    /// Returns the maximum number of client connections.
    ///
    /// - Parameter files: The number of files that may be open; nil if the system does not report it.
    static func connections(_ limit: ConnectionLimit, files: Int?) -> Int {
        if case .count(let count) = limit { return count }
        guard let files else { return Self.reserved }
        return files > 2 * Self.reserved ? files - Self.reserved : max(1, files / 2)
    }

    /// Raises the limit on open files and checks that it is high enough to start. Call this before anything else: event
    /// loops and signal sources trap if they cannot open a file.
    ///
    /// - Parameter more: The number of files that the caller opens before the gateway starts.
    /// - Throws: ``FileLimitError`` if the limit is too low.
    package static func check(_ configuration: GatewayConfiguration, beside more: Int = 0) throws(FileLimitError) {
        guard let limit = Platform.raiseFileLimit() else { return }
        let workers = configuration.server.workers.number ?? System.coreCount
        let needed = FileDemand(configuration, workers: workers).start + more
        let free = self.free(upTo: needed, of: limit)
        guard free < needed else { return }
        throw FileLimitError(limit: limit, needed: limit - free + needed + Self.passing)
    }

    /// Returns how many more files can be opened, at most `count`.
    private static func free(upTo count: Int, of limit: Int) -> Int {
        var free = 0
        var descriptor = 0
        while free < count, descriptor < limit {
            if !Platform.isOpen(CInt(descriptor)) { free += 1 }
            descriptor += 1
        }
        return free
    }
}

/// The number of files that a configuration needs.
private struct FileDemand {
    /// A selector, a timer and a wakeup descriptor.
    private static let ofEventLoop = 3
    /// For name resolution and the first connections.
    private static let reserve = 16
    /// Larger than any system's limit. Avoids overflow.
    private static let most = 1 << 31

    /// The minimum needed to serve, in addition to files that are already open.
    let start: Int
    /// The number of open files when `connections` is reached and every client uses an upstream connection; nil if
    /// `connections` is derived from the limit on files.
    let full: Int?

    init(_ configuration: GatewayConfiguration, workers: Int) {
        var start = workers * Self.ofEventLoop + configuration.server.listen.count + Self.reserve
        if configuration.admin.listen != .off { start += Self.ofEventLoop + 1 }
        if case .file = configuration.log.access { start += 1 }
        self.start = start
        self.full = configuration.server.limits.connections.number.map { limit in
            let clients = min(limit, Self.most)
            let upstreams = Array(configuration.upstreams.values) + configuration.services.values
            let upstream = upstreams.reduce(0) { sum, upstream in
                min(clients, sum + upstream.targets.count * min(upstream.maxConnections, Self.most))
            }
            return start + clients + upstream
        }
    }
}

/// An error that the process may not open enough files for its configuration.
public struct FileLimitError: Error, CustomStringConvertible {
    /// The limit on open files.
    public let limit: Int
    /// The number of files needed, including those already open.
    public let needed: Int

    public var description: String {
        """
        this process may open \(self.limit) files, and its configuration needs at least \(self.needed): raise the limit \
        (ulimit -n, LimitNOFILE), or set fewer server.workers
        """
    }
}
