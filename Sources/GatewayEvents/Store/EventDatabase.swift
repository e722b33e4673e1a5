import GatewayCore
import GatewaySettings
import Logging
import NIOCore

/// The database of the events: a file, or memory where no file is configured or while the file cannot be used.
///
/// All of it may block. One thread uses it.
final class EventDatabase {
    /// How long to wait before a file is tried again. A lock ends soon.
    private static func retryInterval(after error: SQLiteError) -> TimeAmount {
        error.kind == .locked ? .seconds(1) : .seconds(10)
    }

    /// Empty: memory.
    let path: String
    private let schema: EventSchema
    private let log: Logger
    private var state = State.closed
    private var lease: StoreLease?
    private var isRetired = false
    /// Whether another process had the lease when this one asked for it.
    private(set) var hasNeighbor = false
    /// Changes whenever another database takes the place of the one in use.
    private(set) var generation = 0
    private(set) var faults: [SQLiteError.Kind: Int] = [:]

    private enum State {
        /// → file, memory, shelter
        case closed
        /// → shelter, closed
        case file(SQLiteConnection, StoreFiles)
        /// As configured. → closed
        case memory(SQLiteConnection)
        /// The file cannot be used. → file, closed
        case shelter(SQLiteConnection, Fault)
    }

    private struct Fault {
        let error: SQLiteError
        /// The files at the time of the error.
        let files: StoreFiles
        var retry: NIODeadline

        /// Whether it is worth to try again. A damaged file stays damaged until somebody replaces it.
        func isOver(at now: NIODeadline, path: String) -> Bool {
            guard now >= self.retry else { return false }
            switch self.error.kind {
            case .corrupt, .newer: return FileStatus(of: path) != self.files.main
            default: return true
            }
        }
    }

    init(path: String, schema: EventSchema = .current, log: Logger) {
        self.path = path
        self.schema = schema
        self.log = log
    }

    /// Why the file cannot be used; nil if all is well.
    var problem: SQLiteError? { if case .shelter(_, let fault) = self.state { fault.error } else { nil } }

    /// Whether this process sends what the database contains.
    var isOwner: Bool {
        switch self.state {
        case .closed: false
        case .file: self.lease != nil
        case .memory, .shelter: true
        }
    }

    // MARK: Use

    /// Which database an operation may use.
    enum Place {
        /// The one that is configured. While it cannot be used, the operation fails.
        case configured
        /// Memory while the file cannot be used.
        case any
    }

    /// Does all of `body` in a transaction, or nothing if it throws.
    func run<Result>(
        in place: Place,
        at now: NIODeadline,
        _ body: (SQLiteConnection) throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result {
        try self.prepare(at: now)
        switch self.state {
        case .closed: throw SQLiteError(.other, "the event store is closed")
        case .memory(let connection): return try connection.transaction(body)
        case .shelter(let connection, let fault):
            guard place == .any else { throw fault.error }
            return try connection.transaction(body)
        case .file(let connection, _):
            do throws(SQLiteError) {
                return try connection.transaction(body)
            } catch {
                guard error.isFault else { throw error }
                let shelter = try self.shelter(because: error, at: now)
                guard place == .any else { throw error }
                return try shelter.transaction(body)
            }
        }
    }

    /// Looks after the file: opens it, notices if it was removed, returns to it, and asks for the lease.
    func tend(at now: NIODeadline) {
        try? self.prepare(at: now)
        if case .shelter(let connection, let fault) = self.state, fault.isOver(at: now, path: self.path) {
            self.returnToFile(from: connection, fault, at: now)
        }
        if case .file = self.state { self.takeLease() }
    }

    /// Leaves sending to another process, from now on.
    func giveUpLease() {
        self.leaveShelter(at: .now())
        self.isRetired = true
        self.lease = nil
    }

    func end() {
        self.leaveShelter(at: .now())
        self.state = .closed
        self.lease = nil
    }

    /// Writes what memory keeps to the file, since this process will not do it later.
    private func leaveShelter(at now: NIODeadline) {
        guard case .shelter(let connection, let fault) = self.state else { return }
        self.returnToFile(from: connection, fault, at: now)
        guard case .shelter = self.state else { return }
        let waiting = (try? DeliveryRows.pending(in: connection))?.values.reduce(0, +) ?? 0
        guard waiting > 0 else { return }
        self.log.error(
            "the event store cannot be used, so deliveries that wait end with this process",
            metadata: ["file": "\(self.path)", "deliveries": "\(waiting)", "reason": "\(fault.error)"]
        )
    }

    /// A number that changes when another process has changed the file; 0 for memory.
    var dataVersion: Int64 {
        guard case .file(let connection, _) = self.state else { return 0 }
        return (try? connection.first("PRAGMA data_version") { $0.integer(0) }) ?? 0
    }

    // MARK: The file

    /// Opens the database, and makes sure that its file is where it belongs.
    private func prepare(at now: NIODeadline) throws(SQLiteError) {
        switch self.state {
        case .closed:
            self.generation += 1
            if self.path.isEmpty {
                self.state = .memory(try Self.openMemory(self.schema))
                return
            }
            do throws(SQLiteError) {
                let connection = try Self.open(self.path, self.schema)
                self.state = .file(connection, StoreFiles(at: self.path))
                self.takeLease()
            } catch {
                try self.shelter(because: error, at: now)
            }
        case .file(let connection, let files):
            let found = FileStatus(of: self.path)
            if let file = files.main, let found, found.isSameFile(as: file) { return }
            try self.follow(connection, files, isRemoved: found == nil, at: now)
        case .memory, .shelter: return
        }
    }

    /// The file was removed or replaced, and what is written now would be lost with this process.
    private func follow(
        _ connection: SQLiteConnection,
        _ files: StoreFiles,
        isRemoved: Bool,
        at now: NIODeadline
    ) throws(SQLiteError) {
        self.generation += 1
        let metadata: Logger.Metadata = ["file": "\(self.path)"]
        var source = connection
        do throws(SQLiteError) {
            if isRemoved {
                self.log.error("the event store was removed; it is written again", metadata: metadata)
                try Self.restore(connection, to: self.path)
                self.state = .file(try Self.open(self.path, self.schema), StoreFiles(at: self.path))
            } else {
                self.log.error(
                    "another file took the place of the event store; deliveries that wait are moved to it",
                    metadata: metadata
                )
                // Before the other file is opened: this one could not be read without its neighbors.
                let copy = try Self.openMemory(self.schema)
                try DeliveryRows.copy(from: connection, to: copy)
                source = copy
                files.removeNeighborsIfReplaced(at: self.path)
                let next = try Self.open(self.path, self.schema)
                try DeliveryRows.move(from: copy, to: self.path)
                self.state = .file(next, StoreFiles(at: self.path))
            }
        } catch {
            let shelter = try self.shelter(because: error, at: now)
            do throws(SQLiteError) {
                try DeliveryRows.copy(from: source, to: shelter)
            } catch {
                self.log.error(
                    "deliveries that waited in the event store are lost",
                    metadata: metadata.merging(["reason": "\(error)"]) { first, _ in first }
                )
            }
        }
    }

    /// Uses memory from now on.
    @discardableResult
    private func shelter(because error: SQLiteError, at now: NIODeadline) throws(SQLiteError) -> SQLiteConnection {
        self.generation += 1
        self.faults[error.kind, default: 0] += 1
        // Keys that no file has, so that a key never means another delivery.
        let firstKey = Int64(1) << 50 + Int64(self.generation) << 32
        let connection = try Self.openMemory(self.schema, firstKey: firstKey)
        let fault = Fault(error: error, files: StoreFiles(at: self.path), retry: now + Self.retryInterval(after: error))
        self.state = .shelter(connection, fault)
        self.log.error(
            "cannot use the event store; memory keeps what happens until it works again",
            metadata: ["file": "\(self.path)", "reason": "\(error)", "error": "\(error.kind.rawValue)"]
        )
        return connection
    }

    private func returnToFile(from shelter: SQLiteConnection, _ fault: Fault, at now: NIODeadline) {
        do throws(SQLiteError) {
            fault.files.removeNeighborsIfReplaced(at: self.path)
            let connection = try Self.open(self.path, self.schema)
            try DeliveryRows.move(from: shelter, to: self.path)
            self.generation += 1
            self.state = .file(connection, StoreFiles(at: self.path))
            self.log.notice("the event store works again", metadata: ["file": "\(self.path)"])
        } catch {
            self.faults[error.kind, default: 0] += 1
            let files = StoreFiles(at: self.path)
            self.state = .shelter(
                shelter,
                Fault(error: error, files: files, retry: now + Self.retryInterval(after: error))
            )
        }
    }

    private func takeLease() {
        guard self.lease == nil, !self.isRetired else { return }
        do throws(SQLiteError) {
            let lease = try StoreLease.take(for: self.path)
            guard lease == nil else {
                self.lease = lease
                return
            }
            guard !self.hasNeighbor else { return }
            self.hasNeighbor = true
            self.log.notice(
                "another process sends what the event store contains; this one begins when it ends",
                metadata: ["file": "\(self.path)"]
            )
        } catch {
            self.faults[error.kind, default: 0] += 1
        }
    }
}

@available(*, unavailable)
extension EventDatabase: Sendable {}
