import NIOCore
import Testing

@testable import GatewayEvents

@Suite struct SQLiteConnectionTests {
    private func connection() throws -> SQLiteConnection {
        let connection = try SQLiteConnection(path: ":memory:", busyTimeout: 0)
        try connection.script("CREATE TABLE t (n INTEGER PRIMARY KEY, a, b, c UNIQUE)")
        return connection
    }

    @Test func `values come back as they were bound`() throws {
        let connection = try self.connection()
        let bytes = ByteBuffer(bytes: [0, 1, 255])
        try connection.run("INSERT INTO t (a, b, c) VALUES (?, ?, ?)", "ä\0\n'", .blob(bytes), .integer(.min))
        try connection.run("INSERT INTO t (a, b, c) VALUES (?, ?, ?)", .null, .blob(ByteBuffer()), .real(0.5))
        #expect(connection.lastKey == 2)
        let rows = try connection.all("SELECT a, b, c FROM t ORDER BY n") { row in
            (row.optionalText(0), row.bytes(1), row.integer(2), row.real(2), row.isNull(1))
        }
        #expect(rows[0].0 == "ä\0\n'" && rows[0].1 == bytes && rows[0].2 == .min)
        #expect(rows[1].0 == nil && rows[1].1.readableBytes == 0 && rows[1].3 == 0.5 && !rows[1].4)
    }

    @Test func `a transaction that throws changes nothing`() throws {
        let connection = try self.connection()
        let error = #expect(throws: SQLiteError.self) {
            try connection.transaction { connection throws(SQLiteError) in
                try connection.run("INSERT INTO t (c) VALUES (1)")
                try connection.run("INSERT INTO t (c) VALUES (1)")
            }
        }
        #expect(error?.kind == .constraint && error?.isFault == false)
        #expect(try connection.first("SELECT count(*) FROM t") { $0.integer(0) } == 0)
        // The connection is usable, and the statement that failed as well.
        #expect(try connection.run("INSERT INTO t (c) VALUES (1)") == 1)
    }

    @Test func `a statement that is wrong is an error of the program`() throws {
        let error = #expect(throws: SQLiteError.self) { try self.connection().run("SELECT nothing") }
        #expect(error?.kind == .other && error?.isFault == false)
    }

    @Test func `a folder that is missing is a fault`() {
        let error = #expect(throws: SQLiteError.self) {
            try SQLiteConnection(path: "/nowhere/at/all.db", busyTimeout: 0)
        }
        #expect(error?.kind == .cannotOpen && error?.isFault == true)
    }
}
