import GatewayCore
import GatewayHTTP
import NIOConcurrencyHelpers
import NIOCore

/// The encoders of one event loop, for all its routes. Bounds how many are active, and how much memory is kept.
final class EncoderPool {
    /// The number of idle gzip and deflate contexts that are kept: 2 MiB.
    private static let idleLimit = 8

    /// The number of active encoders.
    private(set) var active = 0
    let memory = EncoderMemory(keeping: 2 << 20)
    private var idle: [DeflateEncoder] = []

    init() {}

    /// An encoder at the start of a stream; nil if `limit` are active, or if there is no memory. The caller must return
    /// it.
    ///
    /// - Parameter length: the length of the body, if known.
    func take(_ coding: ContentCoding, _ levels: EncoderLevels, length: Int?, limit: Int) -> (
        any ContentEncoder
    )? {
        guard self.active < limit else { return nil }
        let encoder: (any ContentEncoder)? =
            switch coding {
            case .gzip, .deflate: self.takeDeflate(coding, level: levels.gzip)
            case .brotli: BrotliEncoder(quality: levels.brotli, length: length, memory: self.memory)
            }
        if encoder != nil { self.active += 1 }
        return encoder
    }

    private func takeDeflate(_ coding: ContentCoding, level: Int32) -> DeflateEncoder? {
        if let index = self.idle.lastIndex(where: { $0.coding == coding }) {
            let encoder = self.idle.remove(at: index)
            if encoder.reset(level: level) { return encoder }
        }
        return DeflateEncoder(coding, level: level)
    }

    /// Takes an encoder back, at any point of its stream.
    func giveBack(_ encoder: any ContentEncoder) {
        self.active -= 1
        guard let encoder = encoder as? DeflateEncoder, self.idle.count < Self.idleLimit else { return }
        self.idle.append(encoder)
    }
}

@available(*, unavailable)
extension EncoderPool: Sendable {}

/// The pools of all event loops. They outlive reloads, so that streams that continue are still counted.
final class EncoderPools: Sendable {
    private let pools = NIOLockedValueBox<[Int: NIOLoopBound<EncoderPool>]>([:])

    /// The pool of the event loop that a middleware is built for.
    static func pool(in context: BuildContext) -> EncoderPool {
        context.lasting("encoders") { EncoderPools() }.pool(of: context.worker)
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
