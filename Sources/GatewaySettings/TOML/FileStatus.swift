#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the system says about a file.
package struct FileStatus: Hashable, Sendable {
    package enum Kind: Sendable {
        case regular, socket, other
    }

    package let kind: Kind
    package let device: UInt64
    package let inode: UInt64
    package let size: Int64
    /// Nanoseconds since 1970.
    package let modified: Int64

    /// Looks at a file; nil if there is none.
    ///
    /// - Parameter followsLinks: Whether a symbolic link stands for the file that it leads to.
    package init?(of path: String, followsLinks: Bool = true) {
        var found = stat()
        guard (followsLinks ? stat(path, &found) : lstat(path, &found)) == 0 else { return nil }
        self.init(found)
    }

    /// Looks at an open file.
    package init?(of descriptor: CInt) {
        var found = stat()
        guard fstat(descriptor, &found) == 0 else { return nil }
        self.init(found)
    }

    private init(_ found: stat) {
        switch found.st_mode & S_IFMT {
        case S_IFREG: self.kind = .regular
        case S_IFSOCK: self.kind = .socket
        default: self.kind = .other
        }
        #if canImport(Darwin)
            let time = found.st_mtimespec
        #else
            let time = found.st_mtim
        #endif
        self.device = UInt64(truncatingIfNeeded: found.st_dev)
        self.inode = UInt64(found.st_ino)
        self.size = Int64(found.st_size)
        self.modified = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Whether both are the same file, whatever happened to its contents.
    package func isSameFile(as other: FileStatus) -> Bool { self.device == other.device && self.inode == other.inode }
}
