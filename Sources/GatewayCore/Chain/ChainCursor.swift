/// The position of a walk through the chain: down the request hooks, then up the response hooks from the middleware
/// that answered.
///
/// The cursor holds positions only. `Chain` has one array of hooks per phase and one with the place of each hook in
/// the whole chain. `ExchangeDriver` runs the hooks.
struct ChainCursor: Hashable, Sendable {
    private var down = 0
    private var up = 0

    /// Returns the index of the next of `count` request hooks, or nil at the bottom of the chain.
    mutating func nextDown(_ count: Int) -> Int? {
        guard self.down < count else { return nil }
        defer { self.down += 1 }
        return self.down
    }

    /// The index that ``nextDown(_:)`` last returned.
    var currentDown: Int { self.down - 1 }

    /// Makes ``nextDown(_:)`` return the current hook again.
    mutating func repeatDown() { self.down -= 1 }

    /// Restarts the walk down from below the middleware at `place`. `places` must ascend.
    mutating func restart(below place: Int, among places: ContiguousArray<Int>) {
        self.down = places.firstIndex { $0 > place } ?? places.count
    }

    /// Turns the walk upwards after a response or an error from the middleware at `place`, or from the bottom of the
    /// chain if `place` is nil. The climb visits the hooks above `place`. `places` must ascend.
    mutating func turn(from place: Int?, among places: ContiguousArray<Int>) {
        self.up = places.count
        guard let place else { return }
        while self.up > 0, places[self.up - 1] >= place { self.up -= 1 }
    }

    /// Returns the index of the next response hook on the way up, or nil at the top.
    mutating func nextUp() -> Int? {
        guard self.up > 0 else { return nil }
        self.up -= 1
        return self.up
    }

    /// The index that ``nextUp()`` last returned.
    var currentUp: Int { self.up }

    /// Makes ``nextUp()`` return the current hook again.
    mutating func repeatUp() { self.up += 1 }
}
