import NIOCore

/// Resumes an exchange that a hook suspended, once, from any thread. A second or late decision is ignored and counted.
/// Without a decision, a deadline answers the request.
public struct Resumption: Sendable {
    private let exchange: NIOLoopBound<Exchange>
    private let life: UInt32
    private let number: UInt32

    init(_ exchange: Exchange, life: UInt32, number: UInt32) {
        self.exchange = NIOLoopBound(exchange, eventLoop: exchange.worker.eventLoop)
        self.life = life
        self.number = number
    }

    /// - Parameter decide: Runs on the event loop of the exchange, unless the exchange has ended or continued
    ///   meanwhile.
    public func resume(_ decide: @escaping @Sendable (Exchange) -> Decision = { _ in .next }) {
        let (life, number, exchange) = (self.life, self.number, self.exchange)
        exchange.eventLoop.execute { exchange.value.resume(life: life, number: number, decide) }
    }
}
