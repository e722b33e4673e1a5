import NIOCore
import Testing

@testable import GatewayCache

struct TierLookupTests {
    private let key = TierKey(prefix: "p:", material: [1])

    private func value(variant: [UInt8], kept: Int64 = 60_000) -> ByteBuffer {
        var response = StoredValue.Response.sample()
        response.variant = variant
        response.kept = kept
        return StoredValue.response(response).encoded()
    }

    /// A request that sends `X: 7` selects by it, if asked to.
    private func select(_ names: [String]) -> [UInt8] { names == ["x"] ? [7] : [] }

    @Test func `a response without selecting fields is found at once`() {
        var lookup = TierLookup(self.key)
        #expect(lookup.first == self.key.primary)
        guard case .found(_, let elapsed) = lookup.received(self.value(variant: []), left: 59_000, select: self.select)
        else {
            Issue.record("not found")
            return
        }
        #expect(elapsed == 1000)
    }

    @Test func `one with selecting fields is found by its variant`() {
        var lookup = TierLookup(self.key)
        let selection = StoredValue.selection(["x"]).encoded()
        guard case .find(let next) = lookup.received(selection, left: 1, select: self.select) else {
            Issue.record("not looked for")
            return
        }
        #expect(next == self.key.variant([7]))
        guard case .found = lookup.received(self.value(variant: [7]), left: 1, select: self.select) else {
            Issue.record("not found")
            return
        }
    }

    @Test func `what belongs to another variant is a miss`() {
        var lookup = TierLookup(self.key)
        #expect(lookup.isMiss(self.value(variant: [7]), left: 1, self.select) == true)
        _ = lookup.received(StoredValue.selection(["x"]).encoded(), left: 1, select: self.select)
        #expect(lookup.isMiss(self.value(variant: [8]), left: 1, self.select) == true)
    }

    @Test func `names in place of a variant are a miss`() {
        var lookup = TierLookup(self.key)
        _ = lookup.received(StoredValue.selection(["x"]).encoded(), left: 1, select: self.select)
        #expect(lookup.isMiss(StoredValue.selection(["x"]).encoded(), left: 1, self.select) == true)
    }

    @Test(arguments: [-2, -1] as [Int64]) func `a value without expiry is a miss`(left: Int64) {
        var lookup = TierLookup(self.key)
        #expect(lookup.isMiss(self.value(variant: []), left: left, self.select) == true)
        #expect(lookup.isMiss(nil, left: left, self.select) == true)
        #expect(lookup.isMiss(ByteBuffer(string: "other"), left: 1, self.select) == true)
    }

    @Test func `a value that was replaced while it was read is new`() {
        var lookup = TierLookup(self.key)
        guard
            case .found(_, elapsed: 0) = lookup.received(
                self.value(variant: [], kept: 10),
                left: 59_000,
                select: self.select
            )
        else {
            Issue.record("not found")
            return
        }
    }
}

extension TierLookup {
    fileprivate mutating func isMiss(_ value: ByteBuffer?, left: Int64, _ select: ([String]) -> [UInt8]) -> Bool {
        if case .miss = self.received(value, left: left, select: select) { true } else { false }
    }
}
