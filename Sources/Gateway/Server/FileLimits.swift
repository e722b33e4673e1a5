#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many connections the system's limit on open files allows.
enum FileLimits {
    /// Kept for upstreams, logs and the gateway itself.
    private static let reserved = 1024

    #if canImport(Glibc)
        private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let openFiles = RLIMIT_NOFILE
    #endif

    /// Raises the soft limit to the hard one, and returns how many client connections there may be.
    static func connections(_ limit: ConnectionLimit) -> Int {
        if case .count(let count) = limit { return count }
        var files = rlimit()
        guard getrlimit(Self.openFiles, &files) == 0 else { return Self.reserved }
        if files.rlim_cur < files.rlim_max {
            files.rlim_cur = files.rlim_max
            _ = setrlimit(Self.openFiles, &files)
        }
        let available = Int(clamping: files.rlim_cur)
        return available > 2 * Self.reserved ? available - Self.reserved : max(1, available / 2)
    }
}
