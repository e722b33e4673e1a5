import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct MemoryWatchTests {
    /// Returns what the watch does for each sample, with a limit of 1000.
    private static func trace(_ samples: [Int], limit: Int? = 1000) -> [MemoryWatch.OnSample] {
        var watch = MemoryWatch()
        return samples.map { watch.sample($0, limit: limit) }
    }

    @Test func `requests are refused above the limit, and accepted again below 90 % of it`() {
        #expect(Self.trace([999, 1000]) == [.nothing, .nothing])
        #expect(Self.trace([1001, 2000, 1000, 900, 899]) == [.refuse, .nothing, .nothing, .nothing, .accept])
        #expect(Self.trace([1001, 0, 500, 1001]) == [.refuse, .accept, .nothing, .refuse])
    }

    @Test func `without a limit nothing is refused`() {
        #expect(Self.trace([1, .max], limit: nil) == [.nothing, .nothing])
    }

    @Test func `a new limit applies to the next sample`() {
        var watch = MemoryWatch()
        #expect(watch.sample(500, limit: 1000) == .nothing)
        #expect(watch.sample(500, limit: 400) == .refuse)
        #expect(watch.isOverloaded)
        #expect(watch.sample(500, limit: 500) == .nothing)
        #expect(watch.sample(500, limit: 600) == .accept)
        #expect(watch.sample(500, limit: 400) == .refuse)
        #expect(watch.sample(500, limit: nil) == .accept)
        #expect(!watch.isOverloaded)
    }

    // MARK: /proc/self/statm

    @Test(
        arguments: [
            ("12345 678 90 1 0 2 0\n", 678), ("1 2 3", 2), ("1 0 3", 0), ("1 2", nil), ("", nil), ("1  3", nil),
            ("1 x 3", nil), ("1 -2 3", nil), ("1 99999999999999999999 3", nil),
        ] as [(String, Int?)]
    )
    func `the resident pages are the second number`(line: String, pages: Int?) {
        #expect(ResidentMemory.residentPages(in: line.utf8) == pages)
    }

    @Test func `the resident memory of this process is plausible`() {
        // Other systems have no /proc.
        guard let memory = ResidentMemory() else { return }
        let bytes = memory.bytes() ?? 0
        #expect(bytes > 1 << 20 && bytes < 1 << 40)
    }
}
