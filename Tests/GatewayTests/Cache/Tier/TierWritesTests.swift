import Testing

@testable import GatewayCache

struct TierWritesTests {
    @Test func `the number of values on their way is bounded`() {
        var writes = TierWrites()
        for _ in 0..<TierWrites.maximumCount { #expect(writes.begin(1) == true) }
        #expect(writes.begin(1) == false)
        writes.end(1)
        #expect(writes.begin(1) == true)
    }

    @Test func `their size is bounded`() {
        var writes = TierWrites()
        #expect(writes.begin(TierWrites.maximumBytes + 1) == false)
        #expect(writes.begin(TierWrites.maximumBytes - 1) == true)
        #expect(writes.begin(2) == false)
        #expect(writes.begin(1) == true)
        #expect(writes.begin(1) == false)
        writes.end(TierWrites.maximumBytes - 1)
        writes.end(1)
        #expect(writes.bytes == 0 && writes.count == 0)
    }
}
