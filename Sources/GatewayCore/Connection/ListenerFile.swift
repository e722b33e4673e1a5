import GatewaySettings
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file of a Unix socket that this process opened to listen on.
///
/// NIO would remove the file whenever it closes the socket, even if another process has taken over the socket and listens
/// on it. So the gateway opens the socket and removes the file itself.
struct ListenerFile: Sendable {
    /// The path belongs to something else.
    struct IsNotSocket: Error {}

    let descriptor: CInt
    private let path: String
    private let status: FileStatus

    /// Opens a socket at the path. Replaces the file of another socket, which must be unused.
    ///
    /// - Throws: `IOError`, ``IsNotSocket`` or an error for a path that is too long.
    init(binding path: String) throws {
        let address = try SocketAddress(unixDomainSocketPath: path)
        if let existing = Self.status(of: path) {
            guard existing.kind == .socket else { throw IsNotSocket() }
            unlink(path)
        }
        let descriptor = socket(AF_UNIX, Platform.streamSocket, 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        _ = Platform.closeOnExec(descriptor)
        let isBound = address.withSockAddr { bind(descriptor, $0, socklen_t($1)) } == 0
        let error = errno
        guard isBound, let status = Self.status(of: path) else {
            Platform.close(descriptor)
            throw IOError(errnoCode: isBound ? ENOENT : error, reason: "bind")
        }
        self.descriptor = descriptor
        self.path = path
        self.status = status
    }

    /// Removes the file, unless another one has taken its place.
    func remove() {
        guard let status = Self.status(of: self.path), status.isSameFile(as: self.status) else { return }
        unlink(self.path)
    }

    private static func status(of path: String) -> FileStatus? { FileStatus(of: path, followsLinks: false) }
}
