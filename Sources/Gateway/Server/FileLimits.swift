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
}
