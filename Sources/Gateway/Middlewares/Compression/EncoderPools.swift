import NIOConcurrencyHelpers
import NIOCore

/// The pools of all event loops. They outlive reloads, so that streams that continue are still counted.
final class EncoderPools: Sendable {
    private let pools = NIOLockedValueBox<[Int: NIOLoopBound<EncoderPool>]>([:])

    /// The pool of the event loop that a middleware is built for.
    static func pool(in context: BuildContext) -> EncoderPool {
        context.shared("encoders") { EncoderPools() }.pool(of: context.worker)
    }

    func pool(of worker: Worker) -> EncoderPool {
        self.pools.withLockedValue { pools in
            if let pool = pools[worker.index] { return pool.value }
            let pool = EncoderPool()
            pools[worker.index] = NIOLoopBound(pool, eventLoop: worker.eventLoop)
            return pool
        }
    }
}
