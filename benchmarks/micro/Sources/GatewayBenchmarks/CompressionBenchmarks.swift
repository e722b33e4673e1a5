import NIOCore

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayMiddlewares
@testable import GatewaySettings

enum CompressionBenchmarks {
    static let all = [
        MicroBenchmark("compression.gzip-6", iterations: 20) { Self.encoding(in: .gzip) },
        MicroBenchmark("compression.br-4", iterations: 20) { Self.encoding(in: .brotli) },
    ]

    /// 32 KiB of JSON.
    private static func encoding(in coding: ContentCoding) -> () throws -> Void {
        let document = Self.document()
        let pool = EncoderPool()
        let levels = EncoderLevels(gzip: 6, brotli: 4)
        var output = ByteBufferAllocator().buffer(capacity: document.count)
        return {
            output.clear()
            guard let encoder = pool.take(coding, levels, length: document.count, limit: 1) else {
                throw UnexpectedOutcome("no encoder")
            }
            let isEncoded = document.withUnsafeBytes { encoder.encode($0, .finish, into: &output) }
            pool.giveBack(encoder)
            guard isEncoded, output.readableBytes < document.count / 2 else {
                throw UnexpectedOutcome("\(output.readableBytes) bytes of \(document.count)")
            }
        }
    }

    private static func document() -> [UInt8] {
        var bits = SplitMix64(seed: 1)
        var document: [UInt8] = []
        while document.count < 32 * 1024 {
            let (id, price) = (bits.next() % 100_000, bits.next() % 10_000)
            document += Array("{\"id\":\(id),\"name\":\"item \(id % 97)\",\"price\":\(price),\"inStock\":true},".utf8)
        }
        return Array(document.prefix(32 * 1024))
    }
}
