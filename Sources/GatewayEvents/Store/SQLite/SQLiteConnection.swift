import CSQLite

/// A connection to a SQLite database. Use it on one thread at a time.
package final class SQLiteConnection {
    private let handle: OpaquePointer
    /// Prepared statements by their text, which comes from the program only.
    private var statements: [String: SQLiteStatement] = [:]

    /// Opens a database, and creates it if there is none.
    ///
    /// - Parameters:
    ///   - path: The path of the file, or `:memory:`.
    ///   - busyTimeout: How long to wait for the lock of another process, in milliseconds.
    ///   - isNew: Whether to create a file that does not exist.
    package init(path: String, busyTimeout: Int32, isNew: Bool = true) throws(SQLiteError) {
        var handle: OpaquePointer?
        let creation = isNew ? SQLITE_OPEN_CREATE : 0
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | creation
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            defer { sqlite3_close_v2(handle) }
            throw Self.error(code, of: handle)
        }
        self.handle = handle
        sqlite3_busy_timeout(handle, busyTimeout)
    }

    deinit {
        self.statements = [:]
        sqlite3_close_v2(self.handle)
    }

    static func error(_ code: CInt, of handle: OpaquePointer?) -> SQLiteError {
        let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
        return SQLiteError(code: code, message: message)
    }

    /// Runs several statements without parameters.
    package func script(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(self.handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw Self.error(code, of: self.handle) }
    }

    /// Runs a statement to its end. Returns the number of rows that it inserted, updated or deleted.
    @discardableResult
    package func run(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) -> Int {
        _ = try self.rows(sql, values) { _ in }
        return Int(sqlite3_changes(self.handle))
    }

    /// Returns what `read` makes of each row of a result.
    package func all<Row>(
        _ sql: String,
        _ values: SQLiteValue...,
        read: (SQLiteRow) -> Row
    ) throws(SQLiteError) -> [Row] {
        try self.rows(sql, values, read: read)
    }

    /// Returns what `read` makes of the first row; nil if there is none.
    package func first<Row>(
        _ sql: String,
        _ values: SQLiteValue...,
        read: (SQLiteRow) -> Row
    ) throws(SQLiteError) -> Row? {
        try self.rows(sql, values, read: read).first
    }

    private func rows<Row>(
        _ sql: String,
        _ values: [SQLiteValue],
        read: (SQLiteRow) -> Row
    ) throws(SQLiteError) -> [Row] {
        let statement: SQLiteStatement
        if let known = self.statements[sql] {
            statement = known
        } else {
            statement = try SQLiteStatement(sql, in: self.handle)
            self.statements[sql] = statement
        }
        defer { statement.reset() }
        try statement.bind(values)
        var rows: [Row] = []
        while try statement.step() { rows.append(read(statement.row)) }
        return rows
    }

    /// Whether the file cannot be written. SQLite opens such files without an error.
    var isReadOnly: Bool { sqlite3_db_readonly(self.handle, "main") == 1 }

    /// The key of the row that was inserted last.
    package var lastKey: Int64 { sqlite3_last_insert_rowid(self.handle) }

    /// Does all of `body`, or nothing if it throws.
    package func transaction<Result>(
        _ body: (SQLiteConnection) throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result {
        try self.script("BEGIN IMMEDIATE")
        do throws(SQLiteError) {
            let result = try body(self)
            try self.script("COMMIT")
            return result
        } catch {
            // Some errors have ended the transaction already.
            if sqlite3_get_autocommit(self.handle) == 0 { try? self.script("ROLLBACK") }
            throw error
        }
    }
}

@available(*, unavailable)
extension SQLiteConnection: Sendable {}
