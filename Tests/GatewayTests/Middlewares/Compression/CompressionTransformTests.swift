import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayMiddlewares

struct CompressionTransformTests {
    private static let levels = EncoderLevels(gzip: 6, brotli: 4)

    private static func transform(_ coding: ContentCoding, from pool: EncoderPool) throws -> CompressionTransform {
        let encoder = try #require(pool.take(coding, self.levels, length: nil, limit: 64))
        let budget = SeriesBudget(limit: 100)
        let shard = MeterShard(budget: budget, buckets: HistogramBuckets(seconds: [1]))
        return CompressionTransform(encoder, from: pool, meters: CompressionMeters(route: "a", shard: shard))
    }

    @Test(arguments: ContentCoding.allCases)
    func `a single call encodes at most 32 KiB`(_ coding: ContentCoding) throws {
        let transform = try Self.transform(coding, from: EncoderPool())
        let body = SampleBody.noise(200_000)
        var chunk = ByteBuffer(bytes: body)
        var output: [UInt8] = []
        while chunk.readableBytes > 0 {
            var sink = BodySink()
            let before = chunk.readableBytes
            try transform.write(&chunk, to: &sink)
            #expect(before - chunk.readableBytes == min(before, 32 * 1024))
            #expect(sink.buffer.readableBytes <= 200_000)
            output += Array(buffer: sink.buffer)
        }
        var sink = BodySink()
        try transform.end(to: &sink)
        #expect(ContentDecoder.decode(output + Array(buffer: sink.buffer), coding) == body)
    }

    @Test(arguments: ContentCoding.allCases)
    func `a pause flushes what has arrived, once`(_ coding: ContentCoding) throws {
        let transform = try Self.transform(coding, from: EncoderPool())
        var sink = BodySink()
        var chunk = ByteBuffer(string: "data: 1\n\n")
        try transform.write(&chunk, to: &sink)
        try transform.pause(to: &sink)
        let shown = Array(buffer: sink.buffer)
        #expect(ContentDecoder.decode(shown, coding, whole: false) == Array("data: 1\n\n".utf8))
        try transform.pause(to: &sink)
        #expect(Array(buffer: sink.buffer) == shown)
    }

    @Test func `the encoder is returned exactly once, however the body ends`() throws {
        let pool = EncoderPool()
        let ended = try Self.transform(.gzip, from: pool)
        let cancelled = try Self.transform(.brotli, from: pool)
        var dropped: CompressionTransform? = try Self.transform(.deflate, from: pool)
        #expect(dropped != nil && pool.active == 3)
        var sink = BodySink()
        try ended.end(to: &sink)
        ended.cancel()
        #expect(pool.active == 2)
        cancelled.cancel()
        cancelled.cancel()
        #expect(pool.active == 1)
        dropped = nil
        #expect(pool.active == 0)
        #expect(throws: TransformError.self) { try ended.end(to: &sink) }
    }
}
