import NIOCore
import Testing

@testable import Gateway
@testable import GatewayHTTP
@testable import GatewayMiddlewares

struct EncoderPoolTests {
    private static let levels = EncoderLevels(gzip: 6, brotli: 4)

    @Test func `the number of encoders is limited`() throws {
        let pool = EncoderPool()
        var taken: [any ContentEncoder] = []
        for coding in [ContentCoding.gzip, .brotli, .deflate] {
            taken.append(try #require(pool.take(coding, Self.levels, length: nil, limit: 3)))
        }
        #expect(pool.take(.gzip, Self.levels, length: nil, limit: 3) == nil)
        #expect(pool.take(.gzip, Self.levels, length: nil, limit: 4) != nil)
        pool.giveBack(taken.removeLast())
        #expect(pool.active == 3)
        for encoder in taken { pool.giveBack(encoder) }
        #expect(pool.take(.brotli, Self.levels, length: nil, limit: 2) != nil)
    }

    @Test(arguments: [ContentCoding.gzip, .deflate])
    func `a context is reused`(_ coding: ContentCoding) throws {
        let pool = EncoderPool()
        let first = try #require(pool.take(coding, Self.levels, length: nil, limit: 1))
        pool.giveBack(first)
        #expect(try #require(pool.take(coding, Self.levels, length: nil, limit: 1)) === first)
        #expect(pool.active == 1)
    }

    @Test func `Brotli's memory is returned and reused`() throws {
        let pool = EncoderPool()
        let body = SampleBody.text(30_000)
        for _ in 0..<20 {
            let encoder = try #require(pool.take(.brotli, Self.levels, length: body.count, limit: 1))
            var output = ByteBuffer()
            body.withUnsafeBytes { #expect(encoder.encode($0, .finish, into: &output)) }
            #expect(pool.memory.bytesInUse > 0)
            pool.giveBack(encoder)
        }
        #expect(pool.active == 0)
    }

    @Test func `memory is cached up to the limit, and memory in use is counted`() throws {
        let memory = EncoderMemory(keeping: 10_000)
        let large = try #require(memory.allocate(9_000))
        let small = try #require(memory.allocate(2_000))
        #expect(memory.bytesInUse == 11_000)
        memory.free(large)
        memory.free(small)
        memory.free(nil)
        #expect(memory.bytesInUse == 0)
        // The small block exceeded the limit of the cache, and the large one is not used for a tiny allocation.
        #expect(memory.allocate(100) != large)
        #expect(memory.allocate(5_000) == large)
        #expect(memory.bytesInUse == 9_100)
        #expect(memory.allocate(0) == nil)
        #expect(memory.allocate(Int.max) == nil)
    }
}
