import GatewaySettings

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The right to send what the store holds. During a handover two processes use the file, and one of them has this.
///
/// It is a lock on a file beside the store, which the system releases when the process ends, however it ends. SQLite's own
/// locks would be lost if the file of the database itself were opened and closed.
struct StoreLease: ~Copyable {
    fileprivate let descriptor: CInt

    /// Takes the lease; nil if another process has it.
    ///
    /// - Parameter path: The path of the store.
    static func take(for path: String) throws(SQLiteError) -> StoreLease? {
        let file = path + "-lock"
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        let descriptor = open(file, flags, 0o600)
        guard descriptor >= 0 else {
            throw SQLiteError(.cannotOpen, "\(file): \(String(cString: strerror(errno)))")
        }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return StoreLease(descriptor: descriptor) }
        let error = errno
        close(descriptor)
        guard error == EWOULDBLOCK else { throw SQLiteError(.io, "\(file): \(String(cString: strerror(error)))") }
        return nil
    }

    deinit { close(self.descriptor) }
}
