package import GatewaySettings
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the system's limit on open files allows.
package enum FileLimits {
    /// Kept for upstreams, logs and the gateway itself.
    private static let reserved = 1024
    /// The system's libraries open one for a moment now and then, which may have been counted or not.
    private static let passing = 2

    #if canImport(Glibc)
        private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let openFiles = RLIMIT_NOFILE
    #endif

    /// Raises the soft limit to the hard one, and returns how many files may be open; nil where the system does not say.
    static func raise() -> Int? {
        var files = rlimit()
        guard getrlimit(Self.openFiles, &files) == 0 else { return nil }
        if files.rlim_cur < files.rlim_max {
            let soft = files.rlim_cur
            files.rlim_cur = files.rlim_max
            if setrlimit(Self.openFiles, &files) != 0 { files.rlim_cur = soft }
        }
        return Int(clamping: files.rlim_cur)
    }

    /// How many client connections there may be where so many files may be open.
    static func connections(_ limit: ConnectionLimit, files: Int?) -> Int {
        if case .count(let count) = limit { return count }
        guard let files else { return Self.reserved }
        return files > 2 * Self.reserved ? files - Self.reserved : max(1, files / 2)
    }

    /// Raises the limit, and looks whether that is enough to start. Before anything else is started: event loops, and what
    /// waits for signals, trap where there is no file for them.
    ///
    /// - Parameter more: what the caller is going to open before the gateway starts.
    package static func check(_ configuration: GatewayConfiguration, beside more: Int = 0) throws(FileLimitError) {
        guard let limit = self.raise() else { return }
        let workers = configuration.server.workers.number ?? System.coreCount
        let needed = FileDemand(configuration, workers: workers).start + more
        let free = self.free(upTo: needed, of: limit)
        guard free < needed else { return }
        throw FileLimitError(limit: limit, needed: limit - free + needed + Self.passing)
    }

    /// How many files can be opened beside those that are open.
    private static func free(upTo count: Int, of limit: Int) -> Int {
        var free = 0
        var descriptor = 0
        while free < count, descriptor < limit {
            if fcntl(CInt(descriptor), F_GETFD) < 0 { free += 1 }
            descriptor += 1
        }
        return free
    }
}
