import GatewayHTTP
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

    @Test(arguments: [(99, true), (100, true), (101, false)])
    func `a retry needs the whole body within its limit`(count: Int, fits: Bool) {
        var buffer = ReplayBuffer(retryLimit: 100)
        buffer.keep(ByteBuffer(repeating: 0x61, count: count - 1), if: false)
        buffer.keep(ByteBuffer(string: "b"), if: false)
        #expect(buffer.isWholeForRetry == fits)
        #expect(buffer.isWhole == fits)
        buffer.answered()
        #expect(Self.replayed(buffer).utf8.count == (fits ? count : 0))
        buffer.forget()
        #expect(!buffer.isWholeForRetry && Self.replayed(buffer).isEmpty)
    }

    @Test func `failover keeps more than a retry with a small limit`() {
        var buffer = ReplayBuffer(retryLimit: 2)
        for chunk in ["ab", "cd"] { buffer.keep(ByteBuffer(string: chunk), if: true) }
        #expect(buffer.isWhole && !buffer.isWholeForRetry)
        #expect(Self.replayed(buffer) == "abcd")
    }

    @Test func `without a retry, the body is dropped when the response begins`() {
        var buffer = ReplayBuffer()
        buffer.keep(ByteBuffer(string: "a"), if: true)
        buffer.answered()
        #expect(!buffer.isWhole && Self.replayed(buffer).isEmpty)
    }

    @Test func `what was kept is taken once, and the body begins again`() {
        var buffer = ReplayBuffer(retryLimit: 10)
        buffer.keep(ByteBuffer(string: "ab"), if: false)
        #expect(String(buffer: buffer.takeKept()) == "ab")
        #expect(buffer.isWhole && Self.replayed(buffer).isEmpty)
        buffer.keep(ByteBuffer(string: "c"), if: false)
        #expect(Self.replayed(buffer) == "c")
    }

    @Test func `a small chunk does not retain the buffer that it was read into`() {
        var read = ByteBuffer(repeating: 0x61, count: 65_536)
        var buffer = ReplayBuffer(retryLimit: 65_536)
        buffer.keep(read.readSlice(length: 10) ?? ByteBuffer(), if: false)
        #expect(buffer.takeKept().storageCapacity < 1024)
        buffer.keep(read.readSlice(length: 40_000) ?? ByteBuffer(), if: false)
        #expect(buffer.takeKept().storageCapacity == read.storageCapacity)
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
