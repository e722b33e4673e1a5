/// A single part of the work for a request.
struct MicroBenchmark: Sendable {
    let name: String
    /// Enough iterations to hide one-time work: filling caches and growing tables.
    let iterations: Int
    /// Prepares everything that an iteration needs, and returns the iteration.
    let prepare: @Sendable () throws -> () throws -> Void

    init(_ name: String, iterations: Int = 4000, prepare: @escaping @Sendable () throws -> () throws -> Void) {
        self.name = name
        self.iterations = iterations
        self.prepare = prepare
    }
}

/// A benchmark no longer does the work in its name.
struct UnexpectedOutcome: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
