/// One piece of a request's work, alone.
struct MicroBenchmark: Sendable {
    let name: String
    /// Enough of them to be past what happens once: caches that fill, tables that grow.
    let iterations: Int
    /// Makes all that one iteration needs, and returns the iteration.
    let prepare: @Sendable () throws -> () throws -> Void

    init(_ name: String, iterations: Int = 4000, prepare: @escaping @Sendable () throws -> () throws -> Void) {
        self.name = name
        self.iterations = iterations
        self.prepare = prepare
    }
}

/// A benchmark no longer does the work that it is named for.
struct UnexpectedOutcome: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
