import NIOCore
import Testing

@testable import GatewayHTTP2

@Suite struct FrameTests {
    @Test func `reads what it writes`() {
        let head = FrameHead(length: 0x012345, type: .headers, flags: [.endStream, .padded], streamID: 0x7FFF_FFFF)
        var buffer = ByteBuffer()
        buffer.write(head)
        #expect(buffer.withUnsafeReadableBytes { FrameHead($0) } == head)
        #expect(buffer.readableBytes == FrameHead.length)
    }

    @Test func `padding and priority do not belong to the content`() {
        func content(_ flags: FrameFlags, _ type: FrameType, _ payload: [UInt8]) -> Range<Int>? {
            let head = FrameHead(length: payload.count, type: type, flags: flags, streamID: 1)
            return payload.withUnsafeBytes { head.content(of: $0) }
        }
        #expect(content([], .data, [1, 2, 3]) == 0..<3)
        #expect(content(.padded, .data, [1, 2, 3]) == 1..<2)
        #expect(content(.padded, .data, [2, 2, 3]) == 1..<1)
        #expect(content(.padded, .data, [3, 2, 3]) == nil)
        #expect(content(.padded, .data, []) == nil)
        #expect(content([.padded, .priority], .headers, [1, 0, 0, 0, 0, 0, 9, 0]) == 6..<7)
        #expect(content(.priority, .headers, [0, 0, 0]) == nil)
    }

    @Test func `a block that exceeds a frame continues in others`() {
        var buffer = ByteBuffer()
        buffer.writeHeaders(3, endsStream: true, maxFrame: 10) { $0.writeBytes([UInt8](0..<25)) }
        var block: [UInt8] = []
        var heads: [FrameHead] = []
        while let head = buffer.withUnsafeReadableBytes({ FrameHead($0) }) {
            buffer.moveReaderIndex(forwardBy: FrameHead.length)
            block += buffer.readBytes(length: head.length) ?? []
            heads.append(head)
        }
        #expect(block == [UInt8](0..<25))
        #expect(heads.map(\.type) == [.headers, .continuation, .continuation])
        #expect(heads.map(\.flags) == [.endStream, [], .endHeaders])
    }

    @Test func `checks the settings of a peer`() throws {
        func read(_ id: UInt16, _ value: UInt32) -> HTTP2ErrorCode? {
            var buffer = ByteBuffer()
            buffer.writeMultipleIntegers(id, value)
            var settings = PeerSettings()
            do {
                try buffer.withUnsafeReadableBytes { try settings.read($0) }
                return nil
            } catch {
                return (error as? HTTP2ConnectionError)?.code
            }
        }
        #expect(read(2, 2) == .protocolError)
        #expect(read(4, 0x8000_0000) == .flowControl)
        #expect(read(5, 16_383) == .protocolError)
        #expect(read(5, 16_777_216) == .protocolError)
        #expect(read(99, 1) == nil)
        #expect(read(4, 0) == nil)
    }

    @Test func `knows the preface from its first byte`() {
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        for count in 0...24 { #expect(preface[..<count].withUnsafeBytes { ClientPreface.mayBegin($0) }) }
        #expect(!Array("PRI * HTTP/1.1\r\n".utf8).withUnsafeBytes { ClientPreface.mayBegin($0) })
    }
}
