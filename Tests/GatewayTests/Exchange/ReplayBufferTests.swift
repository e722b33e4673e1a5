import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

struct ReplayBufferTests {
    private final class Recorder: UpstreamStream {
        var isWritable: Bool { true }
        var mayBeSentAgain: Bool { false }
        private(set) var body = ByteBuffer()
        func writeBody(_ chunk: ByteBuffer) { self.body.writeImmutableBuffer(chunk) }
        func writeEnd(trailers: TrailerSection?) {}
        func flush() {}
        func pauseReading() {}
        func resumeReading() {}
        func cancel() {}
    }

    private static func replayed(_ buffer: ReplayBuffer) -> String {
        let recorder = Recorder()
        buffer.replay(to: recorder)
        return String(buffer: recorder.body)
    }

    @Test func `kept chunks are replayed in order`() {
        var buffer = ReplayBuffer()
        for chunk in ["a", "", "bc"] { buffer.keep(ByteBuffer(string: chunk), if: true) }
        #expect(buffer.isWhole)
        #expect(Self.replayed(buffer) == "abc")
        #expect(Self.replayed(buffer) == "abc")
    }

    @Test(arguments: [(65_536, true), (65_537, false)])
    func `up to 64 KiB are kept`(count: Int, fits: Bool) {
        var buffer = ReplayBuffer()
        buffer.keep(ByteBuffer(repeating: 0x61, count: count - 1), if: true)
        buffer.keep(ByteBuffer(string: "b"), if: true)
        #expect(buffer.isWhole == fits)
        #expect(Self.replayed(buffer).utf8.count == (fits ? count : 0))
    }

    @Test func `a buffer with a gap is never complete again`() {
        var buffer = ReplayBuffer()
        buffer.keep(ByteBuffer(string: "a"), if: true)
        buffer.keep(ByteBuffer(string: "b"), if: false)
        buffer.keep(ByteBuffer(string: "c"), if: true)
        #expect(!buffer.isWhole)
        #expect(Self.replayed(buffer).isEmpty)
    }
}
