import NIOConcurrencyHelpers
import NIOCore

/// The pools of all event loops, which outlive a reload: the streams that go on meanwhile are still counted.
final class EncoderPools: Sendable {
    private let pools = NIOLockedValueBox<[Int: NIOLoopBound<EncoderPool>]>([:])

    /// The pool of the loop that a middleware is being built for.
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
