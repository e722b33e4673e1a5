import NIOCore
import Testing

@testable import GatewayHTTP
@testable import GatewayHTTP2

@Suite struct RequestFieldsTests {
    private static let limits = RequestFields.Limits(startLine: 100, headers: 200, headerCount: 5)

    private static let get = [":method: GET", ":scheme: https", ":authority: a.example", ":path: /x?y"]

    private struct Outcome {
        let method: Method
        let target: String
        let host: String
        let lines: [String]
        let framing: BodyFraming
        let isTunnel: Bool
    }

    /// Reads lines `name: value`. The first colon may belong to a pseudo-field.
    private static func read(_ lines: [String], endsStream: Bool = true) throws -> Outcome {
        var head = RequestHead()
        var fields = RequestFields(limits: self.limits)
        for line in lines {
            let parts = line.dropFirst().firstRange(of: ":").map { (line[..<$0.lowerBound], line[$0.upperBound...]) }
            let (name, rest) = try #require(parts)
            let value = rest.hasPrefix(" ") ? rest.dropFirst() : rest
            Array(name.utf8).withUnsafeBytes { name in
                Array(value.utf8).withUnsafeBytes { value in
                    fields.take(.init(name: name, value: value, id: FieldTable.shared.id(of: name)), into: &head)
                }
            }
        }
        let isTunnel = try fields.finish(&head, endsStream: endsStream)
        let isHTTP2 = head.isHTTP2
        #expect(isHTTP2)
        return Outcome(
            method: head.method,
            target: head.headers.string(head.pathAndQuery),
            host: head.headers.string(head.host),
            lines: head.headers.lines,
            framing: head.framing,
            isTunnel: isTunnel
        )
    }

    private static func error(_ lines: [String], endsStream: Bool = true) -> MessageError.Code? {
        do {
            _ = try self.read(lines, endsStream: endsStream)
            return nil
        } catch {
            return (error as? MessageError)?.code
        }
    }

    @Test func `builds the head of a request`() throws {
        let head = try Self.read(Self.get + ["accept: */*"])
        #expect(head.method == .get && !head.isTunnel)
        #expect(head.target == "/x?y")
        #expect(head.host == "a.example")
        #expect(head.lines == ["accept: */*", "Host: a.example"])
        #expect(head.framing == .none)
    }

    @Test func `joins the crumbs of a cookie where the first one was`() throws {
        let head = try Self.read(Self.get + ["cookie: a=1", "accept: */*", "cookie: b=2", "cookie: c=3"])
        #expect(head.lines == ["cookie: a=1; b=2; c=3", "accept: */*", "Host: a.example"])
    }

    @Test func `a body without a length is framed by the stream`() throws {
        #expect(try Self.read(Self.get, endsStream: false).framing == .chunked)
        #expect(try Self.read(Self.get + ["content-length: 05"], endsStream: false).framing == .length(5))
        #expect(try Self.read(Self.get + ["content-length: 0"], endsStream: false).framing == .none)
        #expect(try Self.read(Self.get + ["content-length: 0"]).framing == .none)
    }

    @Test func `an extended CONNECT stands for a GET`() throws {
        let lines = [":method: CONNECT", ":protocol: websocket"] + Self.get.dropFirst()
        let result = try Self.read(lines, endsStream: false)
        #expect(result.isTunnel && result.method == .get)
        #expect(Self.error(lines) == .malformed)
        #expect(Self.error([":method: CONNECT", ":protocol: tcp"] + Self.get.dropFirst()) == .unsupportedCoding)
        #expect(Self.error(Self.get + [":protocol: websocket"]) == .malformed)
    }

    @Test(
        arguments: [
            Array(get.dropFirst()), Array(get.dropLast()), [get[0]] + get[2...], get + [get[0]], get + [":foo: bar"],
            get + [":status: 200"], get + ["accept: x", ":path: /"], get + ["Accept: x"], get + ["connection: close"],
            get + ["transfer-encoding: chunked"], get + ["te: gzip"], get + ["upgrade: h2c"], get + ["a b: c"],
            get + ["x: a\rb"], get + ["x: a\nb"], get + ["x: a\0b"], get + ["x:  a"], get + ["x: a "],
            get + ["host: b.example"], get + ["content-length: 1"], get + ["content-length: +1"],
            [":method: GET", ":scheme: https", ":path: /"], get.dropLast() + [":path: x"],
            get.dropLast() + [":path: "], get.dropLast() + [":path: *"], get.dropLast() + [":path: /a b"],
            get.dropLast() + [":path: /#f"], get.dropLast() + [":path: http://b/"],
            [get[0], get[1], ":authority: u@a.example", get[3]], [get[0], get[1], ":authority: ", get[3]],
            [":method: G T"] + get[1...], [get[0], ":scheme: ht tp"] + get[2...],
            [":method: CONNECT"] + get[1...],
        ] as [[String]]
    ) func `rejects what RFC 9113 calls malformed`(lines: [String]) { #expect(Self.error(lines) == .malformed) }

    @Test func `a field without a name is malformed`() {
        var head = RequestHead()
        var fields = RequestFields(limits: Self.limits)
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        fields.take(.init(name: empty, value: empty, id: .unknown), into: &head)
        let error = #expect(throws: MessageError.self) { try fields.finish(&head, endsStream: true) }
        #expect(error?.code == .malformed)
    }

    @Test func `two lengths are malformed, even if they agree`() {
        let lines = Self.get + ["content-length: 5", "content-length: 5"]
        #expect(Self.error(lines, endsStream: false) == .malformed)
    }

    @Test func `takes what is unusual but well-formed`() throws {
        let lines = [":method: OPTIONS", ":scheme: http", ":path: *", "host: A.example", "te: trailers"]
        let head = try Self.read(lines)
        #expect(head.host == "A.example")
        #expect(Self.error(Self.get + ["host: A.EXAMPLE"]) == nil)
        #expect(Self.error([":method: CONNECT", ":authority: a:1"]) == nil)
    }

    @Test func `limits hold as for HTTP 1`() {
        #expect(Self.error(Self.get + (0..<6).map { "x\($0): y" }) == .headersTooLarge)
        #expect(Self.error(Self.get + ["x: " + String(repeating: "y", count: 200)]) == .headersTooLarge)
        #expect(Self.error(Self.get.dropLast() + [":path: /" + String(repeating: "y", count: 90)]) == .startLineTooLong)
        // Crumbs are one field.
        #expect(Self.error(Self.get + (0..<9).map { "cookie: a=\($0)" }) == nil)
    }
}
