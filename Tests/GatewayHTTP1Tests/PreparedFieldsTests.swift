import GatewayHTTP1
import NIOCore
import Testing

@testable import GatewayHTTP

struct PreparedFieldsTests {
    private static let prepared = PreparedFields([
        (HeaderName("X-One"), Array("1".utf8)), (HeaderName(.vary), Array("a\r\nb".utf8)),
    ])

    private static func text(_ block: borrowing HeaderBlock) -> String {
        var buffer = ByteBuffer()
        buffer.writeFields(block)
        return String(buffer: buffer)
    }

    @Test func `prepared fields follow existing ones and are found like them`() {
        var block = HeaderBlock()
        block.add(HeaderName(.via), "x")
        block.add(Self.prepared)
        block.add(Self.prepared)
        block.add(HeaderName(.age), "0")
        #expect(Self.text(block) == "Via: x\r\nX-One: 1\r\nVary: a__b\r\nX-One: 1\r\nVary: a__b\r\nAge: 0\r\n")
        #expect(block.values(of: HeaderName("x-one")) == ["1", "1"])
        #expect(block.contains(.vary) == true)
        block.removeAll(HeaderName("X-One"))
        #expect(Self.text(block) == "Via: x\r\nVary: a__b\r\nVary: a__b\r\nAge: 0\r\n")
    }

    @Test func `prepared fields know their names`() {
        #expect(Self.prepared.names.contains(.vary))
        #expect(Self.prepared.names.contains(.unknown))
        #expect(!Self.prepared.names.intersects([.via, .age]))
        #expect(!PreparedFields([]).names.intersects([.unknown, .vary]))
    }

    @Test func `an empty list adds nothing`() {
        var block = HeaderBlock()
        block.add(PreparedFields([]))
        #expect(Self.text(block) == "")
    }
}
