/// The meters of one route or target by a small key, so that a request finds its series without strings or hashing.
///
/// A linear search, because most responses of a route are of a few kinds, which are found first.
struct SeriesCache<Meter: AnyObject> {
    private var keys: [UInt32] = []
    private var meters: [Meter] = []

    /// The meter for `key`, created by `make` on first use.
    mutating func meter(for key: UInt32, make: () -> Meter) -> Meter {
        for index in keys.indices where keys[index] == key { return meters[index] }
        let meter = make()
        keys.append(key)
        meters.append(meter)
        return meter
    }

    /// The key of a method and a status code.
    package static func key(method: UInt8, code: UInt16) -> UInt32 {
        UInt32(method) << 16 | UInt32(code)
    }
}
