import Testing

@testable import GatewayCache

struct FetchMarksTests {
    private static func key(_ number: Int) -> CacheKey { CacheKey(high: 0, low: UInt64(number)) }

    @Test(arguments: [(FetchMarks.Mark.unshared, Int64(60_000)), (.tooLarge, 600_000)])
    func `a mark lasts for its time`(mark: FetchMarks.Mark, length: Int64) {
        var marks = FetchMarks()
        marks.set(mark, for: Self.key(1), at: 1000)
        #expect(marks.mark(of: Self.key(1), at: 1000 + length - 1) == mark)
        #expect(marks.mark(of: Self.key(1), at: 1000 + length) == nil)
        #expect(marks.mark(of: Self.key(2), at: 1000) == nil)
    }

    @Test func `a mark can be replaced and removed`() {
        var marks = FetchMarks()
        marks.set(.unshared, for: Self.key(1), at: 0)
        marks.set(.tooLarge, for: Self.key(1), at: 0)
        #expect(marks.mark(of: Self.key(1), at: 1) == .tooLarge)
        marks.remove(Self.key(1))
        #expect(marks.mark(of: Self.key(1), at: 1) == nil)
    }

    @Test func `marks are bounded, and the newest stay`() {
        var marks = FetchMarks(capacity: 100)
        var isBounded = true
        for number in 0..<1000 {
            marks.set(.unshared, for: Self.key(number), at: Int64(number))
            isBounded = isBounded && marks.count <= 100
        }
        #expect(isBounded)
        #expect(marks.mark(of: Self.key(999), at: 999) == .unshared)
    }

    @Test func `marks of the same time are bounded too`() {
        var marks = FetchMarks(capacity: 100)
        for number in 0..<1000 { marks.set(.unshared, for: Self.key(number), at: 5) }
        #expect(marks.count <= 100)
    }
}
