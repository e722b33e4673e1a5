package import GatewayCore
package import Logging
package import NIOCore
import NIOPosix
import Synchronization

/// Keeps webhooks, deliveries and the states of alerts: in a SQLite file, or in memory if the configuration names none.
///
/// Everything that uses the database runs on one thread, which may block. Operations run in the order in which they were
/// submitted, each in a transaction. While the file cannot be used, deliveries are kept in memory, and everything else
/// fails.
package final class EventStore: Sendable {
    /// What operators should know about the store.
    package struct Condition: Hashable, Sendable {
        /// The path of the file; empty for memory.
        package var path: String
        /// Why the file cannot be used; nil if it can.
        package var problem: SQLiteError?
        /// Whether this process sends what the store contains. During a handover, only one process does.
        package var isOwner: Bool
        /// Changes whenever another database takes the place of the one in use.
        package var generation: Int
    }

    package static let errors = MetricDescription(
        "gateway_event_store_errors_total",
        .counter,
        help: "Failures to use the event store, by kind: full, locked, corrupt, read_only, cannot_open, io, newer.",
        labels: ["kind"]
    )

    package let path: String
    private let thread = NIOThreadPool(numberOfThreads: 1)
    /// Used on the thread only, so that nobody waits for the lock.
    private let database: Mutex<EventDatabase>
    private let seen: Mutex<Seen>

    private struct Seen {
        var condition: Condition
        var faults: [SQLiteError.Kind: Int] = [:]
    }

    /// Creates a store. It opens the file on its thread, so that the gateway does not wait.
    ///
    /// - Parameter path: The path of the file; empty for memory.
    package convenience init(path: String, log: Logger) { self.init(path: path, schema: .current, log: log) }

    init(path: String, schema: EventSchema, log: Logger) {
        self.path = path
        self.database = Mutex(EventDatabase(path: path, schema: schema, log: log))
        self.seen = Mutex(Seen(condition: Condition(path: path, isOwner: false, generation: 0)))
        self.thread.start()
        self.thread.submit { _ in Platform.giveWay() }
    }

    package var condition: Condition { self.seen.withLock { $0.condition } }

    // MARK: Operations

    /// Does all of `body` on the thread of the store, or nothing if it throws.
    ///
    /// - Throws: What `body` throws, or why the store cannot be used.
    package func run<Result: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws(SQLiteError) -> Result
    ) async throws(SQLiteError) -> Result {
        try await self.run(in: .configured, body)
    }

    /// Reads with `body` on the thread of the store, from memory while the file cannot be used.
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws(SQLiteError) -> Result
    ) async throws(SQLiteError) -> Result {
        try await self.run(in: .any, body)
    }

    private func run<Result: Sendable>(
        in place: EventDatabase.Place,
        _ body: @escaping @Sendable (SQLiteConnection) throws(SQLiteError) -> Result
    ) async throws(SQLiteError) -> Result {
        let result: Swift.Result<Result, SQLiteError> = await withCheckedContinuation { continuation in
            self.submit {
                $0.attempt(in: place, body)
            } then: {
                continuation.resume(returning: $0)
            }
        }
        return try result.get()
    }

    /// Does all of `body` on the thread of the store, or nothing if it throws. The result arrives on an event loop.
    package func run<Result: Sendable>(
        on eventLoop: any EventLoop,
        _ body: @escaping @Sendable (SQLiteConnection) throws(SQLiteError) -> Result
    ) -> EventLoopFuture<Result> {
        self.run(in: .configured, on: eventLoop, body)
    }

    func run<Result: Sendable>(
        in place: EventDatabase.Place,
        on eventLoop: any EventLoop,
        _ body: @escaping @Sendable (SQLiteConnection) throws(SQLiteError) -> Result
    ) -> EventLoopFuture<Result> {
        let promise = eventLoop.makePromise(of: Result.self)
        self.submit {
            $0.attempt(in: place, body)
        } then: {
            promise.completeWith($0.mapError { $0 })
        }
        return promise.futureResult
    }

    /// Opens the file, notices if it was removed, returns to it after a fault, and finds out whether this process sends.
    ///
    /// - Returns: A number that changes when another process has changed the file.
    func tend(on eventLoop: any EventLoop) -> EventLoopFuture<Int64> {
        let promise = eventLoop.makePromise(of: Int64.self)
        self.submit { database in
            database?.tend(at: .now())
            return database?.dataVersion ?? 0
        } then: {
            promise.succeed($0)
        }
        return promise.futureResult
    }

    /// Leaves sending to another process.
    func giveUpLease() async {
        await withCheckedContinuation { continuation in
            self.submit {
                $0?.giveUpLease()
            } then: {
                continuation.resume()
            }
        }
    }

    /// Does what was submitted before, and closes the file.
    package func close() async {
        await withCheckedContinuation { continuation in
            self.submit {
                $0?.end()
            } then: {
                continuation.resume()
            }
        }
        try? await self.thread.shutdownGracefully()
    }

    /// - Parameters:
    ///   - use: Receives nil after the end.
    ///   - completion: Called when ``condition`` says what `use` has changed.
    private func submit<Result>(
        _ use: @escaping @Sendable (EventDatabase?) -> Result,
        then completion: @escaping @Sendable (Result) -> Void
    ) {
        self.thread.submit { state in
            guard case .active = state else { return completion(use(nil)) }
            let result = self.database.withLock { database in
                let result = use(database)
                let condition = Condition(
                    path: self.path,
                    problem: database.problem,
                    isOwner: database.isOwner,
                    generation: database.generation
                )
                let faults = database.faults
                self.seen.withLock { $0 = Seen(condition: condition, faults: faults) }
                return result
            }
            completion(result)
        }
    }

    // MARK: Metrics

    package func register(with registry: MeterRegistry) {
        registry.addSource { [weak self] in
            var family = MetricFamily(Self.errors)
            for (kind, count) in self?.seen.withLock({ $0.faults }) ?? [:] {
                family.append([kind.rawValue], Double(count))
            }
            return [family]
        }
    }
}

extension EventDatabase? {
    fileprivate func attempt<Result>(
        in place: EventDatabase.Place,
        _ body: (SQLiteConnection) throws(SQLiteError) -> Result
    ) -> Swift.Result<Result, SQLiteError> {
        guard let self else { return .failure(SQLiteError(.other, "the gateway is shutting down")) }
        do throws(SQLiteError) {
            return .success(try self.run(in: place, at: .now(), body))
        } catch {
            return .failure(error)
        }
    }
}
