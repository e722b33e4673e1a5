import GatewaySettings

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// How files are opened, and what happens to their neighbors.
extension EventDatabase {
    /// How long to wait for another process that writes, in milliseconds.
    static let busyTimeout: Int32 = 2000

    /// Opens the file at `path`, creates it if there is none, and brings its tables to the current version.
    static func open(_ path: String, _ schema: EventSchema) throws(SQLiteError) -> SQLiteConnection {
        try self.protect(path)
        let connection = try SQLiteConnection(path: path, busyTimeout: self.busyTimeout)
        guard !connection.isReadOnly else { throw SQLiteError(.readOnly, "it is not writable") }
        // The first takes effect in new files only: space of deleted rows is given back.
        try connection.script("PRAGMA auto_vacuum = INCREMENTAL")
        try connection.script("PRAGMA journal_mode = WAL")
        // A commit survives the end of the process, however it ends. A power failure can take the last ones. FULL would
        // wait for the disk at each commit, and a slow disk would delay all notices.
        try connection.script("PRAGMA synchronous = NORMAL")
        try connection.script("PRAGMA journal_size_limit = 16777216")
        try connection.script("PRAGMA temp_store = MEMORY")
        try schema.apply(to: connection)
        return connection
    }

    /// Opens a database in memory.
    ///
    /// - Parameter firstKey: Keys of deliveries start above it.
    static func openMemory(_ schema: EventSchema, firstKey: Int64 = 0) throws(SQLiteError) -> SQLiteConnection {
        let connection = try SQLiteConnection(path: ":memory:", busyTimeout: 0)
        try schema.apply(to: connection)
        if firstKey > 0 {
            try connection.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('deliveries', ?)", .integer(firstKey))
        }
        return connection
    }

    /// Creates the file with mode 0600, or takes access from others. SQLite gives `-wal` and `-shm` the same mode.
    private static func protect(_ path: String) throws(SQLiteError) {
        guard let status = FileStatus(of: path) else {
            let descriptor = Self.openFile(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw SQLiteError(.cannotOpen, String(cString: strerror(errno))) }
            close(descriptor)
            return
        }
        guard status.kind == .regular else { throw SQLiteError(.cannotOpen, "it is not a regular file") }
        guard access(path, R_OK | W_OK) == 0 else {
            throw SQLiteError(errno == EROFS ? .readOnly : .cannotOpen, String(cString: strerror(errno)))
        }
        for file in [path, path + "-wal", path + "-shm"] where FileStatus(of: file) != nil {
            chmod(file, 0o600)
        }
    }

    private static func openFile(_ path: String, _ flags: CInt, _ mode: mode_t) -> CInt {
        #if canImport(Darwin)
            Darwin.open(path, flags, mode)
        #elseif canImport(Musl)
            Musl.open(path, flags, mode)
        #else
            Glibc.open(path, flags, mode)
        #endif
    }

    /// Writes the contents of a database whose file was removed to its path again.
    static func restore(_ connection: SQLiteConnection, to path: String) throws(SQLiteError) {
        let copy = path + "-restored"
        unlink(copy)
        do throws(SQLiteError) {
            try self.protect(copy)
            try connection.run("VACUUM INTO ?", .text(copy))
            // They belong to the file that was removed, and would damage a new one.
            unlink(path + "-wal")
            unlink(path + "-shm")
            guard rename(copy, path) == 0 else { throw SQLiteError(.io, String(cString: strerror(errno))) }
        } catch {
            unlink(copy)
            throw error
        }
    }
}
