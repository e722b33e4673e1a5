import GatewayCore
import Logging
import NIOCore
import Testing

@testable import GatewayEvents

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct EventDatabaseTests {
    /// When a file that could not be used is tried again.
    private let later = NIODeadline.now() + .seconds(11)

    @Test func `only the owner may read the files`() throws {
        let fixture = try StoreFixture()
        try fixture.write([], to: fixture.path)
        let database = fixture.database()
        try database.accept(fixture.event())
        for file in ["", "-wal", "-shm", "-lock"] { #expect(fixture.mode(of: fixture.path + file) == 0o600) }
    }

    @Test func `deliveries survive the process`() throws {
        let fixture = try StoreFixture()
        let events = (0..<3).map { _ in fixture.event() }
        for event in events { try fixture.database().accept(event) }
        let database = fixture.database()
        #expect(try database.pending() == 3)
        #expect(try database.list(.pending).map(\.event) == events.map(\.id).reversed())
        #expect(try database.list().map(\.id) == events.reversed().map { "\(DeliveryID($0.id, for: "ops"))" })
    }

    // MARK: Versions

    private static let next = EventSchema(steps: EventSchema.current.steps + [["CREATE TABLE later (a)"]])

    @Test func `an older file is brought up to date with its contents`() throws {
        let fixture = try StoreFixture()
        try fixture.database().accept(fixture.event())
        let database = fixture.database(Self.next)
        #expect(try database.pending() == 1)
        let count = try database.run(in: .configured, at: .now()) { connection throws(SQLiteError) in
            try connection.first("SELECT count(*) FROM later") { $0.integer(0) }
        }
        #expect(count == 0)
    }

    @Test func `a migration that fails leaves the file as it was`() throws {
        let fixture = try StoreFixture()
        try fixture.database().accept(fixture.event())
        let broken = EventSchema(
            steps: EventSchema.current.steps + [["CREATE TABLE later (a); CREATE TABLE later (a)"]]
        )
        let database = fixture.database(broken)
        #expect(throws: SQLiteError.self) { try database.pending() }
        #expect(try fixture.database().pending() == 1)
    }

    @Test func `a newer file is refused and stays as it is`() throws {
        let fixture = try StoreFixture()
        try fixture.database(Self.next).accept(fixture.event())
        let database = fixture.database()
        #expect(try database.pending() == 0)
        #expect(database.problem?.kind == .newer)
        #expect(database.problem.map { "\($0)" }?.contains("newer version") == true)
        #expect(try fixture.database(Self.next).pending() == 1)
    }

    // MARK: Faults

    @Test func `a missing folder is told, and used as soon as it is there`() throws {
        let fixture = try StoreFixture()
        let path = "\(fixture.folder)/a/gateway.db"
        let database = EventDatabase(path: path, log: .init(label: "test"))
        let event = fixture.event()
        try database.accept(event)
        #expect(database.problem?.kind == .cannotOpen)
        #expect(database.isOwner)
        #expect(throws: SQLiteError.self) {
            try database.run(in: .configured, at: .now()) { connection throws(SQLiteError) in _ = connection.lastKey }
        }
        mkdir("\(fixture.folder)/a", 0o700)
        let generation = database.generation
        database.tend(at: self.later)
        #expect(database.problem == nil)
        #expect(database.generation != generation)
        #expect(try database.list(.pending).map(\.event) == [event.id])
    }

    @Test func `a disk that is full keeps new events in memory until there is room`() throws {
        let fixture = try StoreFixture()
        let database = fixture.database()
        var events = [fixture.event()]
        try database.accept(events[0])
        try database.run(in: .configured, at: .now()) { connection throws(SQLiteError) in
            let pages = try connection.first("PRAGMA page_count") { $0.integer(0) } ?? 0
            try connection.script("PRAGMA max_page_count = \(pages)")
        }
        while database.problem == nil, events.count < 1000 {
            events.append(fixture.event())
            try database.accept(events[events.count - 1])
        }
        #expect(database.problem?.kind == .full)
        #expect(database.faults == [.full: 1])
        #expect(try database.pending() == 1)
        // The limit went with the connection.
        database.tend(at: self.later)
        #expect(database.problem == nil)
        #expect(try database.pending() == events.count)
        // In the order in which they were accepted.
        let keys = try database.run(in: .any, at: .now()) { connection throws(SQLiteError) in
            try connection.all("SELECT event FROM deliveries ORDER BY n") { EventID($0.bytes(0)) }
        }
        #expect(keys == events.map(\.id))
    }

    @Test func `a file that another process has locked is used again later`() throws {
        let fixture = try StoreFixture()
        let database = fixture.database()
        try database.accept(fixture.event())
        let other = try SQLiteConnection(path: fixture.path, busyTimeout: 0)
        try other.script("BEGIN IMMEDIATE")
        try database.accept(fixture.event())
        #expect(database.problem?.kind == .locked)
        try other.script("ROLLBACK")
        database.tend(at: self.later)
        #expect(try database.pending() == 2)
        #expect(database.problem == nil)
    }

    @Test func `what memory keeps is written to the file at the end`() throws {
        let fixture = try StoreFixture()
        let database = fixture.database()
        try database.accept(fixture.event())
        let other = try SQLiteConnection(path: fixture.path, busyTimeout: 0)
        try other.script("BEGIN IMMEDIATE")
        try database.accept(fixture.event())
        #expect(database.problem?.kind == .locked)
        try other.script("ROLLBACK")
        database.end()
        #expect(try fixture.database().pending() == 2)
    }

    @Test func `a backup that replaces the store is used as it is, and gets what waits`() throws {
        let fixture = try StoreFixture()
        let backup = fixture.database(at: fixture.path + "-backup")
        // More than fits into the write-ahead log, so that some pages are in the file itself.
        for _ in 0..<1500 { try backup.accept(fixture.event()) }
        backup.end()
        let database = fixture.database()
        for _ in 0..<1500 { try database.accept(fixture.event()) }
        #expect(rename(fixture.path + "-backup", fixture.path) == 0)
        #expect(try database.pending() == 3000)
        #expect(database.problem == nil)
        database.end()
        let connection = try SQLiteConnection(path: fixture.path, busyTimeout: 0)
        #expect(try connection.first("PRAGMA integrity_check") { $0.text(0) } == "ok")
        #expect(try fixture.database().pending() == 3000)
    }

    @Test func `a file that is no database takes nothing with it when it replaces the store`() throws {
        let fixture = try StoreFixture()
        let database = fixture.database()
        for _ in 0..<3 { try database.accept(fixture.event()) }
        try fixture.write(Array(repeating: UInt8(ascii: "x"), count: 5000), to: fixture.path + "-other")
        #expect(rename(fixture.path + "-other", fixture.path) == 0)
        try database.accept(fixture.event())
        #expect(database.problem?.kind == .corrupt)
        #expect(try database.pending() == 4)
    }

    @Test(arguments: [[""], ["", "-wal", "-shm"]]) func `a file that was removed is written again`(files: [String])
        throws
    {
        let fixture = try StoreFixture()
        let database = fixture.database()
        try database.accept(fixture.event())
        for file in files { fixture.remove(fixture.path + file) }
        try database.accept(fixture.event())
        #expect(database.problem == nil)
        #expect(fixture.mode(of: fixture.path) == 0o600)
        database.end()
        #expect(try fixture.database().pending() == 2)
        #expect(!fixture.exists(fixture.path + "-restored"))
    }

    @Test func `a file that took its place gets what waits`() throws {
        let fixture = try StoreFixture()
        let database = fixture.database()
        try database.accept(fixture.event())
        for file in ["", "-wal", "-shm"] { fixture.remove(fixture.path + file) }
        let other = fixture.database()
        try other.accept(fixture.event())
        other.end()
        #expect(try database.pending() == 2)
        database.end()
        #expect(try fixture.database().pending() == 2)
    }

    @Test func `a file that is no database is left alone until somebody replaces it`() throws {
        let fixture = try StoreFixture()
        let garbage = Array(repeating: UInt8(ascii: "x"), count: 5000)
        try fixture.write(garbage, to: fixture.path)
        let database = fixture.database()
        try database.accept(fixture.event())
        #expect(database.problem?.kind == .corrupt)
        database.tend(at: self.later)
        #expect(database.problem?.kind == .corrupt)
        #expect(database.faults == [.corrupt: 1])
        fixture.remove(fixture.path)
        database.tend(at: self.later)
        #expect(database.problem == nil)
        #expect(try database.pending() == 1)
    }

    @Test func `damage in use is told, and new events are kept in memory`() throws {
        let fixture = try StoreFixture()
        try fixture.database().accept(fixture.event())
        let database = fixture.database()
        try database.accept(fixture.event())
        database.end()
        // Every page but the first.
        let file = try #require(fopen(fixture.path, "r+"))
        fseek(file, 0, SEEK_END)
        let size = ftell(file)
        fseek(file, 4096, SEEK_SET)
        for _ in 4096..<size { fputc(0x5a, file) }
        fclose(file)
        _ = try? database.accept(fixture.event())
        #expect(try database.accept(fixture.event()) == 1)
        #expect(database.problem?.kind == .corrupt)
    }

    @Test func `a folder at the path is refused`() throws {
        let fixture = try StoreFixture()
        mkdir(fixture.path, 0o700)
        let database = fixture.database()
        try database.accept(fixture.event())
        #expect(database.problem?.kind == .cannotOpen)
    }

    // MARK: Handovers

    @Test func `one of two processes sends, and both store`() throws {
        let fixture = try StoreFixture()
        let (old, new) = (fixture.database(), fixture.database())
        try old.accept(fixture.event())
        try new.accept(fixture.event())
        #expect(old.isOwner && !new.isOwner)
        #expect(new.hasNeighbor)
        new.tend(at: .now())
        #expect(!new.isOwner)
        old.giveUpLease()
        new.tend(at: .now())
        #expect(new.isOwner)
        old.tend(at: .now())
        #expect(!old.isOwner)
        // The old one still has events, which the new one notices.
        let version = new.dataVersion
        try old.accept(fixture.event())
        #expect(new.dataVersion != version)
        #expect(try new.pending() == 3)
    }

    @Test func `a process that ends leaves the lease to the next`() throws {
        let fixture = try StoreFixture()
        var old: EventDatabase? = fixture.database()
        try old?.accept(fixture.event())
        old = nil
        let new = fixture.database()
        try new.accept(fixture.event())
        #expect(new.isOwner)
    }
}
