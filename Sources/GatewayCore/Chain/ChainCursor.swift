/// Where a walk through the chain stands: down the request hooks, then up the response hooks from whoever answered.
///
/// It holds positions only. A plan keeps the hooks of each phase in an array of their own, with each hook's place in the
/// whole chain beside it; running them is the driver's affair.
struct ChainCursor: Hashable, Sendable {
    private var down = 0
    private var up = 0

    /// The next request hook among `count`, or nil at the bottom, where the upstream is.
    mutating func nextDown(_ count: Int) -> Int? {
        guard self.down < count else { return nil }
        defer { self.down += 1 }
        return self.down
    }

    /// The request hook that ``nextDown(_:)`` gave last.
    var currentDown: Int { self.down - 1 }

    /// That hook once more.
    mutating func repeatDown() { self.down -= 1 }

    /// Down again from just below the middleware at `place` among `places`, which ascend.
    package mutating func restart(below place: Int, among places: ContiguousArray<Int>) {
        self.down = places.firstIndex { $0 > place } ?? places.count
    }

    /// An answer or an error came from the middleware at `place` in the chain, or from below them all where that is
    /// nil: the climb goes through what stands above it among `places`, which ascend.
    package mutating func turn(from place: Int?, among places: ContiguousArray<Int>) {
        self.up = places.count
        guard let place else { return }
        while self.up > 0, places[self.up - 1] >= place { self.up -= 1 }
    }

    /// The next response hook on the way up, or nil at the top.
    mutating func nextUp() -> Int? {
        guard self.up > 0 else { return nil }
        self.up -= 1
        return self.up
    }

    /// The response hook that ``nextUp()`` gave last.
    var currentUp: Int { self.up }

    /// That hook once more.
    mutating func repeatUp() { self.up += 1 }
}
