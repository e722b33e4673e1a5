import Testing

@testable import GatewayTracing

struct ProtobufTests {
    private static func bytes(_ write: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var writer = ProtobufWriter()
        write(&writer)
        return writer.bytes
    }

    @Test func `fields have the form of the specification`() {
        #expect(Self.bytes { $0.varint(1, 150) } == [0x08, 0x96, 0x01])
        #expect(Self.bytes { $0.string(2, "testing") } == [0x12, 0x07] + Array("testing".utf8))
        #expect(Self.bytes { $0.message(3) { $0.varint(1, 150) } } == [0x1A, 0x03, 0x08, 0x96, 0x01])
        #expect(Self.bytes { $0.integer(1, -2) } == [0x08, 0xFE] + [UInt8](repeating: 0xFF, count: 8) + [0x01])
        #expect(Self.bytes { $0.boolean(16, true) } == [0x80, 0x01, 0x01])
        #expect(Self.bytes { $0.fixed64(7, 0x0102_0304_0506_0708) } == [0x39, 8, 7, 6, 5, 4, 3, 2, 1])
        #expect(Self.bytes { $0.fixed32(16, 0x0102_0304) } == [0x85, 0x01, 4, 3, 2, 1])
        #expect(Self.bytes { $0.double(4, 1) } == [0x21, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
        #expect(Self.bytes { $0.id(2, 0x0102_0304_0506_0708) } == [0x12, 8, 1, 2, 3, 4, 5, 6, 7, 8])
        #expect(Self.bytes { $0.string(1, "") } == [0x0A, 0])
    }

    @Test func `what is written is read again`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<1000 {
            let number = random.next() >> UInt64.random(in: 0..<64)
            let text = String(repeating: "ä", count: Int.random(in: 0..<300))
            var reader = ProtobufReader(
                Self.bytes {
                    $0.varint(1, number)
                    $0.string(2, text)
                }[...]
            )
            #expect(reader.next() == ProtobufReader.Field(number: 1, value: .number(number)))
            #expect(reader.next() == ProtobufReader.Field(number: 2, value: .bytes(Array(text.utf8)[...])))
            #expect(reader.next() == nil)
        }
    }

    @Test func `answers that are no messages are read as far as they go`() {
        #expect(ExportResponse([]).rejected == 0)
        #expect(ExportResponse(Array("<html>".utf8)).rejected == 0)
        #expect(ExportResponse([0x0A, 0x04, 0x08, 0x03, 0x12, 0x00]).rejected == 3)
        #expect(ExportResponse([0x0A, 0x7F, 0x08]).rejected == 0)
        // A negative number is not a count.
        let negative = Self.bytes { $0.message(1) { $0.integer(1, -5) } }
        #expect(ExportResponse(negative).rejected == 0)
        for _ in 0..<2000 {
            let noise = (0..<Int.random(in: 0..<40)).map { _ in UInt8.random(in: 0...255) }
            #expect(ExportResponse(noise).rejected >= 0)
        }
    }
}
