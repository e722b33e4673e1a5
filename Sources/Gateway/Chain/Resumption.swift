import NIOCore

/// The right to decide for a hook that suspended its exchange, once, from any thread. A second or a late decision is
/// ignored and counted; where none comes, a deadline answers.
public struct Resumption: Sendable {
    private let exchange: NIOLoopBound<Exchange>
    private let life: UInt32
    private let number: UInt32

    init(_ exchange: Exchange, life: UInt32, number: UInt32) {
        self.exchange = NIOLoopBound(exchange, eventLoop: exchange.worker.eventLoop)
        self.life = life
        self.number = number
    }

    /// - Parameter decide: runs on the exchange's event loop, unless the exchange has ended or gone on meanwhile.
    public func resume(_ decide: @escaping @Sendable (Exchange) -> Decision = { _ in .next }) {
        let (life, number, exchange) = (self.life, self.number, self.exchange)
        exchange.eventLoop.execute { exchange.value.resume(life: life, number: number, decide) }
    }
}
