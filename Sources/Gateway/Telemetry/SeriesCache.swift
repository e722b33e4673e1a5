/// The meters of one route or target by a small key, so that a request finds its series without a string or a hash.
///
/// A search from the front: of what a route answers, a few kinds make nearly all, and those are met first.
struct SeriesCache<Meter: AnyObject> {
    private var keys: [UInt32] = []
    private var meters: [Meter] = []

    /// The meter under `key`, made by `make` at the first use.
    mutating func meter(for key: UInt32, make: () -> Meter) -> Meter {
        for index in keys.indices where keys[index] == key { return meters[index] }
        let meter = make()
        keys.append(key)
        meters.append(meter)
        return meter
    }

    /// The key of a method's number and a status code.
    static func key(method: UInt8, code: UInt16) -> UInt32 {
        UInt32(method) << 16 | UInt32(code)
    }
}
