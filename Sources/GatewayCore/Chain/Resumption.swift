import NIOCore

/// Resumes a suspended exchange once, from any thread. A second or late decision is ignored and counted. Without a
/// decision, the exchange fails at a deadline.
public struct Resumption: Sendable {
    private let exchange: NIOLoopBound<Exchange>
    private let generation: UInt32
    private let halt: UInt32

    package init(_ exchange: Exchange, halt: UInt32) {
        self.exchange = NIOLoopBound(exchange, eventLoop: exchange.worker.eventLoop)
        self.generation = exchange.generation
        self.halt = halt
    }

    /// Resumes the exchange.
    ///
    /// - Parameter decide: Runs on the event loop of the exchange, unless the exchange has ended or continued in the
    ///   meantime.
    public func resume(_ decide: @escaping @Sendable (Exchange) -> Decision = { _ in .next }) {
        let (generation, halt, exchange) = (self.generation, self.halt, self.exchange)
        exchange.eventLoop.execute { exchange.value.driver.resume(generation: generation, halt: halt, decide) }
    }

    /// Resumes the exchange at once. Must be called on its event loop, not while the middleware that suspends is running.
    package func resumeNow(_ decide: (Exchange) -> Decision) {
        self.exchange.value.driver.resume(generation: self.generation, halt: self.halt, decide)
    }
}
