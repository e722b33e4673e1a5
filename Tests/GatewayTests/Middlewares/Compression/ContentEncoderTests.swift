import NIOCore
import Testing

@testable import Gateway
@testable import GatewayHTTP
@testable import GatewayMiddlewares

struct ContentEncoderTests {
    private static let levels = EncoderLevels(gzip: 6, brotli: 4)
    /// Around the limits of buffers, blocks, windows and calls.
    private static let sizes = [
        0, 1, 2, 15, 255, 4_095, 4_096, 4_097, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 131_072, 204_800,
    ]

    private static func encode(_ body: [UInt8], by encoder: any ContentEncoder, splitAt: (Int) -> Int) -> [UInt8] {
        var output = ByteBuffer()
        var position = 0
        while position < body.count {
            let end = min(body.count, position + max(1, splitAt(body.count - position)))
            body[position..<end].withUnsafeBytes { #expect(encoder.encode($0, .process, into: &output)) }
            position = end
        }
        #expect(encoder.encode(UnsafeRawBufferPointer(start: nil, count: 0), .finish, into: &output))
        return Array(buffer: output)
    }

    @Test(arguments: ContentCoding.allCases, [false, true])
    func `encoded bytes decode to the original`(_ coding: ContentCoding, _ isNoise: Bool) throws {
        let pool = EncoderPool()
        var random = SeededRandom(seed: 7)
        for size in Self.sizes + (0..<20).map({ _ in Int.random(in: 0...204_800, using: &random) }) {
            let body = isNoise ? SampleBody.noise(size) : SampleBody.text(size, seed: UInt64(size))
            let encoder = try #require(pool.take(coding, Self.levels, length: size, limit: 1))
            let step = Int.random(in: 1...40_000, using: &random)
            let encoded = Self.encode(body, by: encoder) { _ in Int.random(in: 1...step, using: &random) }
            pool.giveBack(encoder)
            #expect(ContentDecoder.decode(encoded, coding) == body, "\(size)")
        }
    }

    @Test(arguments: ContentCoding.allCases)
    func `a flush outputs everything written so far`(_ coding: ContentCoding) throws {
        let encoder = try #require(EncoderPool().take(coding, Self.levels, length: nil, limit: 1))
        var output = ByteBuffer()
        var sent: [UInt8] = []
        for round in 0..<50 {
            let piece = SampleBody.text(1 + round * 37, seed: UInt64(round))
            piece.withUnsafeBytes { #expect(encoder.encode($0, .process, into: &output)) }
            #expect(encoder.encode(UnsafeRawBufferPointer(start: nil, count: 0), .flush, into: &output))
            sent += piece
            #expect(ContentDecoder.decode(Array(buffer: output), coding, whole: false) == sent)
        }
        // A flush without new input does nothing.
        #expect(encoder.encode(UnsafeRawBufferPointer(start: nil, count: 0), .flush, into: &output))
        #expect(encoder.encode(UnsafeRawBufferPointer(start: nil, count: 0), .finish, into: &output))
        #expect(ContentDecoder.decode(Array(buffer: output), coding) == sent)
    }

    @Test(arguments: 1...9)
    func `a gzip context is reused with another level`(_ level: Int) throws {
        let pool = EncoderPool()
        let body = SampleBody.text(50_000)
        for level in [6, Int32(level), 1, 9] {
            let levels = EncoderLevels(gzip: level, brotli: 4)
            let encoder = try #require(pool.take(.gzip, levels, length: nil, limit: 1))
            let fresh = try #require(DeflateEncoder(.gzip, level: level))
            let encoded = Self.encode(body, by: encoder) { $0 }
            #expect(encoded == Self.encode(body, by: fresh) { $0 })
            pool.giveBack(encoder)
        }
    }

    @Test(arguments: 0...11)
    func `every Brotli quality works`(_ quality: Int) throws {
        let body = SampleBody.text(40_000)
        let levels = EncoderLevels(gzip: 6, brotli: UInt32(quality))
        let encoder = try #require(EncoderPool().take(.brotli, levels, length: body.count, limit: 1))
        #expect(ContentDecoder.decode(Self.encode(body, by: encoder) { $0 }, .brotli) == body)
    }

    @Test(arguments: [(nil, 2 << 20), (30_000, 2 << 20), (1 << 20, 2 << 20), (5 << 20, 4 << 20)])
    func `Brotli's memory does not grow with the body`(_ length: Int?, _ limit: Int) throws {
        let pool = EncoderPool()
        let levels = Self.levels
        let encoder = try #require(pool.take(.brotli, levels, length: length, limit: 1))
        let piece = SampleBody.text(32 * 1024)
        var output = ByteBuffer()
        var most = 0
        for _ in 0..<(5 << 20) / piece.count {
            piece.withUnsafeBytes { #expect(encoder.encode($0, .process, into: &output)) }
            output.clear()
            most = max(most, pool.memory.bytesInUse)
        }
        #expect(most <= limit)
    }
}
