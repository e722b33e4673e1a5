import Testing

@testable import GatewayHTTP
@testable import GatewayHTTP1

/// Fields as middlewares read and change them.
struct HeaderBlockValuesTests {
    private static let tenant = HeaderName("X-Tenant")

    @Test func `fields are read, added, set and removed by name`() {
        var block = HeaderBlock()
        let (missing, none) = (!block.contains(Self.tenant), block[Self.tenant])
        #expect(missing && none == nil)
        block.add(Self.tenant, value: "a")
        block.add(HeaderName("x-tenant"), value: Array("b".utf8))
        let (first, all) = (block[Self.tenant], block.values(of: Self.tenant))
        #expect(first == "a" && all == ["a", "b"])
        let count = block.withBytes(of: Self.tenant) { $0.count }
        #expect(count == 1)
        block.set(Self.tenant, to: "c")
        let set = block.values(of: Self.tenant)
        #expect(set == ["c"])
        block.remove(Self.tenant)
        let removed = block.values(of: Self.tenant)
        #expect(removed == [])
    }

    @Test func `a value cannot start another line`() {
        var block = HeaderBlock()
        block.set(Self.tenant, to: "a\r\nX-Admin: 1")
        let value = block[Self.tenant]
        #expect(value == "a__X-Admin: 1")
    }

    @Test(arguments: ["Content-Length", "transfer-encoding", "Connection", "Upgrade", "TE", "Trailer"])
    func `framing fields cannot be changed`(name: String) {
        var block = HeaderBlock()
        let name = HeaderName(name)
        block.set(name, to: "1")
        block.add(name, value: "1")
        let values = block.values(of: name)
        #expect(values == [])
        block.add(name, Array("2".utf8))
        block.set(name, to: "1")
        block.remove(name)
        let value = block[name]
        #expect(value == "2")
    }
}
