import GatewaySettings

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The files that a store consists of, as they were at one time.
struct StoreFiles {
    /// The database itself; nil if there is none.
    let main: FileStatus?
    /// The write-ahead log and its index.
    private let neighbors: [(suffix: String, status: FileStatus)]

    init(at path: String) {
        self.main = FileStatus(of: path)
        self.neighbors = ["-wal", "-shm"].compactMap { suffix in
            FileStatus(of: path + suffix).map { (suffix, $0) }
        }
    }

    /// Removes the neighbors if they are still there although another database is at the path. SQLite finds neighbors by
    /// their names, and would apply what the log contains to the other database.
    func removeNeighborsIfReplaced(at path: String) {
        if let main, let found = FileStatus(of: path), found.isSameFile(as: main) { return }
        for (suffix, status) in self.neighbors {
            if let found = FileStatus(of: path + suffix), found.isSameFile(as: status) { unlink(path + suffix) }
        }
    }
}
