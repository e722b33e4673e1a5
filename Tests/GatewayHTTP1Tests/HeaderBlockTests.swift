import GatewayHTTP1
import NIOCore
import Testing

@testable import GatewayHTTP

struct HeaderBlockTests {
    private func block(_ fields: (HeaderName, String)...) -> HeaderBlock {
        var block = HeaderBlock()
        for (name, value) in fields { block.add(name, value.utf8) }
        return block
    }

    private func text(_ block: borrowing HeaderBlock) -> String {
        var buffer = ByteBuffer()
        buffer.writeFields(block)
        return String(buffer: buffer)
    }

    @Test func `fields are found by ID and by name, regardless of case`() throws {
        let block = self.block((HeaderName("x-tenant"), "a"), (HeaderName(.accept), "b"), (HeaderName("X-TENANT"), "c"))
        let found = block.first(.accept)
        let accept = try #require(found)
        #expect(block.string(accept) == "b")
        #expect(block.first(HeaderName("Accept")) == accept)
        #expect(block.first(HeaderName("X-Tenant")).map { block.string($0) } == "a")
        #expect(block.first(HeaderName("X-Tenan")) == nil)
        #expect(block.first(HeaderName("X-Other!")) == nil)
        #expect(block.contains(.accept) == true)
        #expect(block.contains(.age) == false)
        #expect(block.count == 3)
        #expect(block.count(of: .accept) == 1)
        #expect(block.count(of: .unknown) == 2)
    }

    @Test func `fields are added, set and removed in place`() {
        var block = self.block((HeaderName("A"), "1"), (HeaderName("Via"), "x"), (HeaderName("a"), "2"))
        block.set(HeaderName("via"), Array("y".utf8))
        #expect(self.text(block) == "A: 1\r\na: 2\r\nvia: y\r\n")
        block.remove(HeaderName("A"))
        #expect(self.text(block) == "via: y\r\n")
        block.add(HeaderName(.age), "0")
        block.remove(.via)
        #expect(self.text(block) == "Age: 0\r\n")
        block.remove(.via)
        block.removeAll { _, _ in true }
        #expect(self.text(block) == "")
        #expect(block.count == 0)
    }

    @Test func `fields of another message keep their spelling and order`() {
        let other = self.block((HeaderName("x-One"), "1"), (HeaderName("ETAG"), "\"x\""), (HeaderName("Empty"), ""))
        var block = HeaderBlock()
        for field in other.fields { block.add(field, from: other) }
        #expect(self.text(block) == "x-One: 1\r\nETAG: \"x\"\r\nEmpty: \r\n")
        #expect(block.contains(.etag) == true)
    }

    @Test(arguments: [
        ("a\r\nX: b", "a__X: b"), ("a\nb", "a_b"), ("\u{0}", "_"), ("a\u{7F}", "a_"), ("a\tb", "a\tb"),
        ("\u{1}23456789\u{1F}", "_23456789_"), ("caf\u{e9}", "caf\u{e9}"),
    ])
    func `a value cannot start another line`(value: String, written: String) {
        #expect(self.text(self.block((HeaderName("X"), value))) == "X: \(written)\r\n")
    }

    @Test func `a value may be any collection of bytes`() {
        var block = HeaderBlock()
        block.add(HeaderName("X"), "a\rb".utf8.reversed())
        block.add(HeaderName("Y"), EmptyCollection())
        block.add(HeaderName("Z"), "a\nb")
        #expect(self.text(block) == "X: b_a\r\nY: \r\nZ: a_b\r\n")
    }

    @Test func `a value written in pieces is checked completely`() {
        var block = HeaderBlock()
        block.add(HeaderName("X")) { output in
            output.write("a\r")
            output.write("\nb")
        }
        block.add(HeaderName("Y")) { _ in }
        #expect(self.text(block) == "X: a__b\r\nY: \r\n")
    }

    @Test(arguments: [
        ("close", true), ("CLOSE", true), ("a, close", true), ("a,close ,b", true), ("closed", false),
        ("xclose", false),
        ("", false), ("clo se", false),
    ])
    func `RFC 9110 section 5.6.1: a token is found in any line of a list`(value: String, found: Bool) {
        let name = HeaderName(.connection)
        #expect(self.block((name, value)).contains("close", in: .connection) == found)
        #expect(self.block((name, "x"), (name, value)).contains("close", in: .connection) == found)
        #expect(self.block((HeaderName(.te), value)).contains("close", in: .connection) == false)
    }

    @Test func `list members of all lines are returned in order`() {
        let name = HeaderName(.connection)
        let block = self.block((name, "a, b"), (HeaderName(.te), "x"), (name, ""), (name, "c"))
        var members: [String] = []
        block.forEachMember(of: .connection) { members.append(String(decoding: $0, as: UTF8.self)) }
        #expect(members == ["a", "b", "c"])
    }

    @Test func `a slice does not change when its block does`() throws {
        var block = self.block((HeaderName("X"), "value"))
        let value = block.first(HeaderName("X"))
        let slice = block.slice(try #require(value))
        block.clear()
        block.add(HeaderName("Y"), "another")
        #expect(String(buffer: slice) == "value")
        #expect(self.text(block) == "Y: another\r\n")
    }

    @Test func `random changes agree with a list of pairs`() {
        var random = SeededGenerator(7)
        let names = ["A", "b", "Via", "X-Forwarded-For", "etag", "a"]
        var block = HeaderBlock()
        var model: [(name: String, value: String)] = []
        for step in 0..<2000 {
            let name = names[Int.random(in: 0..<names.count, using: &random)]
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                block.remove(HeaderName(name))
                model.removeAll { $0.name.lowercased() == name.lowercased() }
            case 1:
                block.set(HeaderName(name), "\(step)".utf8)
                model.removeAll { $0.name.lowercased() == name.lowercased() }
                model.append((name, "\(step)"))
            case 2 where step % 50 == 0:
                block.clear()
                model = []
            default:
                block.add(HeaderName(name), "\(step)".utf8)
                model.append((name, "\(step)"))
            }
            #expect(block.count == model.count)
        }
        #expect(self.text(block) == model.map { "\($0.name): \($0.value)\r\n" }.joined())
    }
}
