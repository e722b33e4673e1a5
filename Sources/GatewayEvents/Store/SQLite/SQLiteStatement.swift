import CSQLite
package import NIOCore

/// A prepared statement. It belongs to its ``SQLiteConnection``, which reuses it.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let connection: OpaquePointer

    init(_ sql: String, in connection: OpaquePointer) throws(SQLiteError) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else { throw SQLiteConnection.error(code, of: connection) }
        self.handle = handle
        self.connection = connection
    }

    deinit { sqlite3_finalize(self.handle) }

    /// SQLite copies the bytes before the call returns.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
        for (index, value) in values.enumerated() {
            let place = CInt(index + 1)
            let code =
                switch value {
                case .null: sqlite3_bind_null(self.handle, place)
                case .integer(let value): sqlite3_bind_int64(self.handle, place, value)
                case .real(let value): sqlite3_bind_double(self.handle, place, value)
                case .text(let text):
                    sqlite3_bind_text64(
                        self.handle,
                        place,
                        text,
                        UInt64(text.utf8.count),
                        Self.copied,
                        UInt8(SQLITE_UTF8)
                    )
                case .blob(let bytes):
                    bytes.withUnsafeReadableBytes { bytes in
                        bytes.isEmpty
                            ? sqlite3_bind_zeroblob(self.handle, place, 0)
                            : sqlite3_bind_blob64(
                                self.handle,
                                place,
                                bytes.baseAddress,
                                UInt64(bytes.count),
                                Self.copied
                            )
                    }
                }
            guard code == SQLITE_OK else { throw SQLiteConnection.error(code, of: self.connection) }
        }
    }

    /// Moves to the next row. Returns whether there is one.
    func step() throws(SQLiteError) -> Bool {
        switch sqlite3_step(self.handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw SQLiteConnection.error(code, of: self.connection)
        }
    }

    /// Makes the statement ready for its next use.
    func reset() {
        sqlite3_reset(self.handle)
        sqlite3_clear_bindings(self.handle)
    }

    var row: SQLiteRow { SQLiteRow(handle: self.handle) }
}

/// A row of a result. It is valid until the statement moves on.
package struct SQLiteRow {
    fileprivate let handle: OpaquePointer

    /// The integer in a column, which starts at 0; 0 for null.
    package func integer(_ column: Int) -> Int64 { sqlite3_column_int64(self.handle, CInt(column)) }

    package func optionalInteger(_ column: Int) -> Int64? { self.isNull(column) ? nil : self.integer(column) }

    package func real(_ column: Int) -> Double { sqlite3_column_double(self.handle, CInt(column)) }

    package func isNull(_ column: Int) -> Bool { sqlite3_column_type(self.handle, CInt(column)) == SQLITE_NULL }

    /// The text in a column; empty for null.
    package func text(_ column: Int) -> String {
        guard let bytes = sqlite3_column_text(self.handle, CInt(column)) else { return "" }
        let count = Int(sqlite3_column_bytes(self.handle, CInt(column)))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    package func optionalText(_ column: Int) -> String? { self.isNull(column) ? nil : self.text(column) }

    package func bytes(_ column: Int) -> ByteBuffer {
        guard let bytes = sqlite3_column_blob(self.handle, CInt(column)) else { return ByteBuffer() }
        let count = Int(sqlite3_column_bytes(self.handle, CInt(column)))
        return ByteBuffer(bytes: UnsafeRawBufferPointer(start: bytes, count: count))
    }
}
