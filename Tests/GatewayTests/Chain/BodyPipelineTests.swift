import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

struct BodyPipelineTests {
    @Test(arguments: 0..<50)
    func `bytes are neither lost nor reordered, whatever the sizes`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let pipeline = BodyPipeline()
        let count = UInt8.random(in: 1...4, using: &random)
        for _ in 0..<count {
            pipeline.insert(Shift(.encode, atOnce: .random(in: 1...70_000, using: &random)))
        }
        let body = (0..<Int.random(in: 0...400_000, using: &random)).map { _ in
            UInt8.random(in: 0...255, using: &random)
        }
        var rest = body[...]
        var output: [UInt8] = []
        var isEnded = false
        while !pipeline.isFinished {
            if !rest.isEmpty, Bool.random(using: &random) {
                let chunk = rest.prefix(.random(in: 1...100_000, using: &random))
                rest = rest.dropFirst(chunk.count)
                pipeline.write(ByteBuffer(bytes: chunk))
            }
            if rest.isEmpty, !isEnded {
                isEnded = true
                pipeline.end()
            }
            output += Array(buffer: Bool.random(using: &random) ? try pipeline.turn() : try pipeline.pause())
        }
        #expect(!pipeline.hasWork)
        #expect(output == body.map { $0 &+ count })
    }

    @Test func `transforms are ordered by rank, then by insertion`() throws {
        let pipeline = BodyPipeline()
        pipeline.insert(Tag(.encode, "c"))
        pipeline.insert(Tag(.rewrite, "a"))
        pipeline.insert(Tag(.encode, "d"))
        pipeline.insert(Tag(.rewrite, "b"))
        pipeline.write(ByteBuffer(string: "-"))
        pipeline.end()
        #expect(String(buffer: try pipeline.turn()) == "-a.ab.bc.cd.d")
        #expect(pipeline.isFinished)
    }

    @Test func `a step pauses while its successor has too much to process`() throws {
        let pipeline = BodyPipeline()
        pipeline.insert(Shift(.rewrite, atOnce: 50_000))
        let slow = Shift(.encode, atOnce: 1)
        pipeline.insert(slow)
        pipeline.write(ByteBuffer(repeating: 0, count: 1_000_000))
        for _ in 0..<100 { _ = try pipeline.turn() }
        #expect(slow.offered <= 64 * 1024 + 50_000)
    }

    @Test func `a transform that makes no progress is an error`() {
        let pipeline = BodyPipeline()
        pipeline.insert(Shift(.encode, atOnce: 0))
        pipeline.write(ByteBuffer(string: "a"))
        #expect(throws: TransformError.self) { try pipeline.turn() }
    }

    @Test func `unfinished transforms are cancelled`() throws {
        let pipeline = BodyPipeline()
        let (first, second) = (Shift(.rewrite, atOnce: 9), Shift(.encode, atOnce: 1))
        pipeline.insert(first)
        pipeline.insert(second)
        pipeline.write(ByteBuffer(string: "abc"))
        pipeline.end()
        _ = try pipeline.turn()
        pipeline.cancel()
        #expect(!first.isCancelled && second.isCancelled)
    }
}

/// Adds one to each byte, with a limit of bytes per call.
private final class Shift: BodyTransform {
    let rank: BodyRank
    let atOnce: Int
    private(set) var offered = 0
    private(set) var isCancelled = false

    init(_ rank: BodyRank, atOnce: Int) {
        self.rank = rank
        self.atOnce = atOnce
    }

    func write(_ chunk: inout ByteBuffer, to sink: inout BodySink) throws(TransformError) {
        self.offered = max(self.offered, chunk.readableBytes)
        sink.write((chunk.readBytes(length: min(self.atOnce, chunk.readableBytes)) ?? []).map { $0 &+ 1 })
    }
    func end(to sink: inout BodySink) throws(TransformError) {}
    func cancel() { self.isCancelled = true }
}

/// Appends its letter to each chunk, and a dot and its letter at the end.
private final class Tag: BodyTransform {
    let rank: BodyRank
    let letter: String

    init(_ rank: BodyRank, _ letter: String) {
        self.rank = rank
        self.letter = letter
    }

    func write(_ chunk: inout ByteBuffer, to sink: inout BodySink) throws(TransformError) {
        sink.write(chunk)
        chunk.clear()
        sink.write(self.letter.utf8)
    }
    func end(to sink: inout BodySink) throws(TransformError) { sink.write(".\(self.letter)".utf8) }
}
