#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads files with certificates and keys. It blocks, so it must not run on an event loop.
package enum TLSFile {
    /// Far above any real trust store. It stops reading from endless devices.
    private static let limit = 16 << 20

    /// Returns all bytes of a file.
    package static func bytes(of path: String) throws(TLSFileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw self.error(errno, path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count <= self.limit {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count > 0 {
                bytes += chunk[..<count]
            } else if errno != EINTR {
                throw self.error(errno, path)
            }
        }
        throw TLSFileError(path, "the file is larger than 16 MiB")
    }

    private static func error(_ code: CInt, _ path: String) -> TLSFileError {
        switch code {
        case ENOENT, ENOTDIR: TLSFileError(path, "no such file")
        case EACCES, EPERM: TLSFileError(path, "permission denied")
        case EISDIR: TLSFileError(path, "this is a directory")
        default: TLSFileError(path, "the file cannot be read: \(String(cString: strerror(code)))")
        }
    }
}
