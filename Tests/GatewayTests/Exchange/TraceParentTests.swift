import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

struct TraceParentTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let span = "b7ad6b7169203331"

    private static func parse(_ text: String) -> TraceParent? { Array(text.utf8).withUnsafeBytes { TraceParent($0) } }

    private static func text(_ parent: TraceParent) -> String {
        var buffer = ByteBuffer()
        buffer.writeHead(room: 64) { $0.write(parent) }
        return String(buffer: buffer)
    }

    @Test(arguments: [
        ("00-\(trace)-\(span)-01", "01"), ("00-\(trace)-\(span)-00", "00"), ("00-\(trace)-\(span)-03", "03"),
        // Undefined flags are not forwarded.
        ("00-\(trace)-\(span)-ff", "03"), ("00-\(trace)-\(span)-08", "00"),
        // Future versions may be longer (section 4.3).
        ("01-\(trace)-\(span)-01", "01"), ("cc-\(trace)-\(span)-01-what-the-future-brings", "01"),
        ("fe-\(trace)-\(span)-01-", "01"),
    ])
    func `traceparent is parsed (W3C Trace Context section 3.2)`(text: String, flags: String) throws {
        let parent = try #require(Self.parse(text))
        #expect(Self.text(parent) == "00-\(Self.trace)-\(Self.span)-\(flags)")
    }

    @Test(arguments: [
        "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-", "00-\(trace)-\(span)-0", "00-\(trace)-\(span)-1",
        "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-x", "00-\(trace)-\(span)-01x", "00-\(trace)-\(span)-0g",
        "ff-\(trace)-\(span)-01", "0-\(trace)-\(span)-01", "0G-\(trace)-\(span)-01", "01-\(trace)-\(span)-01x",
        "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-\(span)-01", "00-\(trace)-B7AD6B7169203331-01",
        "00-\(trace)-\(span)-0A", "00_\(trace)-\(span)-01", "00-\(trace)_\(span)-01", "00-\(trace)-\(span)_01",
        "00-\(trace)0-\(span)-01", " 00-\(trace)-\(span)-01", "00-\(trace)-\(span)-01 ",
        "00-ghijklmnopqrstuvwxyzabcdefghijkl-\(span)-01",
    ])
    func `any other value is rejected`(text: String) {
        #expect(Self.parse(text) == nil)
    }

    @Test func `the next hop has the same trace and a new span`() throws {
        var random = SeededRandom(seed: 1)
        let parent = try #require(Self.parse("00-\(Self.trace)-\(Self.span)-00"))
        let child = TraceParent(following: parent, using: &random)
        #expect(child.traceID == parent.traceID)
        #expect(child.spanID != parent.spanID)
        #expect(child.flags == parent.flags)
        #expect(Self.parse(Self.text(child)) == child)
    }

    @Test func `new traces are distinct, valid and not sampled`() {
        var random = SeededRandom(seed: 2)
        let texts = (0..<1000).map { _ in Self.text(TraceParent(using: &random)) }
        #expect(Set(texts.map { $0.dropFirst(3).prefix(32) }).count == 1000)
        for text in texts { #expect(Self.parse(text)?.flags == 0 && text.hasSuffix("-00"), "\(text)") }
    }

    @Test func `invalid text does not crash`() {
        var random = SeededRandom(seed: 3)
        let good = Array("01-\(Self.trace)-\(Self.span)-01-x".utf8)
        for _ in 0..<5000 {
            var text = good
            text[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            text.removeLast(Int.random(in: 0...text.count, using: &random))
            if let parent = text.withUnsafeBytes({ TraceParent($0) }) {
                #expect(Self.parse(Self.text(parent)) == parent)
            }
        }
    }
}
