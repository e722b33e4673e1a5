import NIOCore
import Testing

@testable import GatewayHTTP2

@Suite struct FloodGuardTests {
    private static let start = NIODeadline.uptimeNanoseconds(100_000_000_000)

    /// Counts frames of a kind. Returns how many of them were a flood.
    private static func floods(
        _ guarded: inout FloodGuard,
        _ kind: FloodGuard.Kind,
        _ count: Int,
        after time: TimeAmount = .zero
    ) -> Int {
        (0..<count).count { _ in guarded.isFlood(kind, at: self.start + time) }
    }

    @Test(arguments: FloodGuard.Kind.allCases) func `five hundred in ten seconds are allowed`(kind: FloodGuard.Kind) {
        var guarded = FloodGuard()
        let counts = [
            Self.floods(&guarded, kind, 500), Self.floods(&guarded, kind, 1, after: .seconds(9)),
            Self.floods(&guarded, kind, 500, after: .seconds(11)),
        ]
        #expect(counts == [0, 1, 0])
    }

    @Test func `ten pings and window updates are free with each DATA frame`() {
        var guarded = FloodGuard()
        let first = Self.floods(&guarded, .ping, 1)
        for _ in 0..<10 { guarded.sentData() }
        let counts = [
            first, Self.floods(&guarded, .ping, 599), Self.floods(&guarded, .ping, 1),
            Self.floods(&guarded, .reset, 500), Self.floods(&guarded, .reset, 1),
        ]
        #expect(counts == [0, 0, 1, 0, 1])
    }
}
