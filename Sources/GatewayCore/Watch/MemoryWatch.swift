/// Decides from the resident memory whether the gateway accepts requests.
struct MemoryWatch: Sendable {
    /// Whether new requests are refused.
    private(set) var isOverloaded = false

    enum OnSample: Hashable, Sendable {
        case nothing
        /// The memory exceeds its limit: refuse new requests.
        case refuse
        /// The memory fell below 90 % of its limit, or the limit was removed: accept requests again.
        case accept
    }

    /// - Parameters:
    ///   - resident: The resident memory in bytes.
    ///   - limit: The limit in bytes, or nil for none.
    mutating func sample(_ resident: Int, limit: Int?) -> OnSample {
        guard let limit else { return self.accept() }
        if resident > limit {
            if self.isOverloaded { return .nothing }
            self.isOverloaded = true
            return .refuse
        }
        return Double(resident) < Double(limit) * 0.9 ? self.accept() : .nothing
    }

    private mutating func accept() -> OnSample {
        guard self.isOverloaded else { return .nothing }
        self.isOverloaded = false
        return .accept
    }
}
