import GatewayHTTP
import GatewayHTTP2
import Testing

@Suite struct ResponseFieldsTests {
    private struct Result: Equatable {
        var status = 0
        var framing = BodyFraming.none
        var lines: [String] = []
    }

    /// A block with these fields as literals.
    private func block(_ fields: [(String, String)]) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in fields {
            block += [0, UInt8(name.utf8.count)]
            block += name.utf8
            block.append(UInt8(value.utf8.count))
            block += value.utf8
        }
        return block
    }

    private func read(
        _ fields: [(String, String)],
        answering method: GatewayHTTP.Method = .get,
        endsStream: Bool = false,
        size: Int = 1_000,
        count: Int = 10
    ) throws -> Result {
        var head = ResponseHead()
        var decoder = FieldBlockDecoder()
        var response = ResponseFields(limits: FieldLimits(size: size, count: count))
        try self.block(fields).withUnsafeBytes { block in
            try decoder.decode(block, limit: 100_000) { response.take($0, into: &head) }
        }
        try response.finish(&head, answering: method, endsStream: endsStream)
        var lines: [String] = []
        for field in head.headers.fields {
            lines.append("\(head.headers.string(field.name)): \(head.headers.string(field.value))")
        }
        return Result(status: head.status, framing: head.framing, lines: lines)
    }

    @Test func `a list becomes a head`() throws {
        let result = try self.read([(":status", "201"), ("content-length", "3"), ("x-a", "b")])
        #expect(result == Result(status: 201, framing: .length(3), lines: ["content-length: 3", "x-a: b"]))
    }

    @Test func `a body of unknown length is chunked`() throws {
        #expect(try self.read([(":status", "200")]).framing == .chunked)
        #expect(try self.read([(":status", "200")], answering: .head).framing == .none)
        #expect(try self.read([(":status", "304")]).framing == .none)
        #expect(try self.read([(":status", "204")]).framing == .none)
    }

    @Test func `a head that ends the stream has an empty body, but a gRPC status stays as it is`() throws {
        let empty = try self.read([(":status", "200")], endsStream: true)
        #expect(empty == Result(status: 200, framing: .none, lines: ["Content-Length: 0"]))
        let grpc = try self.read(
            [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5")],
            endsStream: true
        )
        #expect(grpc.lines == ["content-type: application/grpc", "grpc-status: 5"])
    }

    @Test(
        arguments: [
            [], [("x-a", "b")], [(":status", "200"), (":status", "200")], [("x-a", "b"), (":status", "200")],
            [(":status", "200"), (":path", "/")], [(":status", "20")], [(":status", "099")], [(":status", "600")],
            [(":status", "+20")], [(":status", "200"), ("X-A", "b")],
            [(":status", "200"), ("x a", "b")], [(":status", "200"), ("x-a", "b\r\nc: d")],
            [(":status", "200"), ("x-a", "b\0")],
            [(":status", "200"), ("x-a", " b")], [(":status", "200"), ("x-a", "b\t")],
            [(":status", "200"), ("connection", "close")],
            [(":status", "200"), ("transfer-encoding", "chunked")], [(":status", "200"), ("keep-alive", "timeout=1")],
            [(":status", "200"), ("upgrade", "h2c")], [(":status", "200"), ("proxy-connection", "close")],
            [(":status", "200"), ("content-length", "1"), ("content-length", "1")],
            [(":status", "200"), ("content-length", "+1")],
        ] as [[(String, String)]]
    )
    func `a malformed list is rejected`(fields: [(String, String)]) {
        #expect(throws: MessageError.self) { try self.read(fields) }
    }

    @Test func `a list that ends the stream must be a whole response`() {
        #expect(throws: MessageError.self) {
            try self.read([(":status", "200"), ("content-length", "1")], endsStream: true)
        }
        #expect(throws: MessageError.self) { try self.read([(":status", "103")], endsStream: true) }
        #expect(throws: Never.self) {
            try self.read([(":status", "200"), ("content-length", "1")], answering: .head, endsStream: true)
        }
    }

    @Test func `size and count are limited`() {
        let fields = [(":status", "200")] + (0..<5).map { ("x-\($0)", "value") }
        #expect(throws: MessageError.self) { try self.read(fields, count: 4) }
        #expect(throws: MessageError.self) { try self.read(fields, size: 59) }
        #expect(throws: Never.self) { try self.read(fields, size: 60, count: 5) }
    }

    @Test func `bytes that are not UTF-8 stay as they are`() throws {
        let value = [UInt8](0x80...0xFF)
        var head = ResponseHead()
        var decoder = FieldBlockDecoder()
        var response = ResponseFields(limits: FieldLimits(size: 1_000, count: 10))
        var block: [UInt8] = [0x88, 0, 3]
        block += "x-a".utf8
        block += [0x7F, 1] + value
        try block.withUnsafeBytes { block in
            try decoder.decode(block, limit: 100_000) { response.take($0, into: &head) }
        }
        try response.finish(&head, answering: .get, endsStream: false)
        let received = head.headers.first(HeaderName("x-a")).map { range in
            head.headers.withBytes(range) { Array($0) }
        }
        #expect(received == value)
    }

    @Test func `trailers have no pseudo-fields`() throws {
        func trailers(_ fields: [(String, String)]) throws -> Int? {
            var decoder = FieldBlockDecoder()
            var trailers = TrailerFields(limits: FieldLimits(size: 100, count: 10))
            try self.block(fields).withUnsafeBytes { block in
                try decoder.decode(block, limit: 1_000) { trailers.take($0) }
            }
            return try trailers.finish()?.fields.count
        }
        #expect(try trailers([("grpc-status", "0")]) == 1)
        #expect(throws: MessageError.self) { try trailers([(":status", "200")]) }
        #expect(throws: MessageError.self) { try trailers([("Upper", "1")]) }
    }
}
