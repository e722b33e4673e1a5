import GatewayHTTP
import GatewayHTTP2
import NIOHPACK
import Testing

@Suite struct ResponseHeaderListTests {
    private struct Result: Equatable {
        var status = 0
        var framing = BodyFraming.none
        var lines: [String] = []
    }

    private func read(
        _ fields: [(String, String)],
        answering method: GatewayHTTP.Method = .get,
        endsStream: Bool = false,
        size: Int = 1_000,
        count: Int = 10
    ) throws -> Result {
        var head = ResponseHead()
        try ResponseHeaderList(size: size, count: count)
            .read(HPACKHeaders(fields), into: &head, answering: method, endsStream: endsStream)
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
            [(":status", "+20")], [(":status", "200"), ("X-A", "b")], [(":status", "200"), ("", "b")],
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

    @Test func `trailers have no pseudo-fields`() throws {
        let list = ResponseHeaderList(size: 100, count: 10)
        #expect(try list.readTrailers(["grpc-status": "0"]).count == 1)
        #expect(throws: MessageError.self) { _ = try list.readTrailers([":status": "200"]).count }
        #expect(throws: MessageError.self) { _ = try list.readTrailers(["Upper": "1"]).count }
    }
}
