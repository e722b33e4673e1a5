extension StoredLifetime {
    private static let isRevalidatedAlways: UInt16 = 1
    private static let allowsCredentials: UInt16 = 2
    private static let mayBeStale: UInt16 = 4

    /// The lifetime of a response that is written now.
    package init(_ lifetime: ResponseLifetime, at now: Int64) {
        var restrictions: UInt16 = 0
        if lifetime.isRevalidatedAlways { restrictions |= Self.isRevalidatedAlways }
        if lifetime.allowsCredentials { restrictions |= Self.allowsCredentials }
        if lifetime.mayBeStale { restrictions |= Self.mayBeStale }
        self.init(
            age: Self.duration(lifetime.age(at: now)),
            lifetime: Self.duration(lifetime.lifetime),
            staleWhileRevalidate: Self.duration(lifetime.staleWhileRevalidate),
            staleIfError: Self.duration(lifetime.staleIfError),
            source: lifetime.source.rawValue,
            restrictions: restrictions
        )
    }

    /// The lifetime of a response that is read now. Nil if no response of this version has it.
    ///
    /// - Parameter elapsed: Milliseconds since it was written.
    package func lifetime(at now: Int64, elapsed: Int64) -> ResponseLifetime? {
        guard let source = ResponseLifetime.Source(rawValue: self.source), self.restrictions < 8 else { return nil }
        var lifetime = ResponseLifetime(bornAt: now - self.age - elapsed, lifetime: self.lifetime, source: source)
        lifetime.staleWhileRevalidate = self.staleWhileRevalidate
        lifetime.staleIfError = self.staleIfError
        lifetime.isRevalidatedAlways = self.restrictions & Self.isRevalidatedAlways != 0
        lifetime.allowsCredentials = self.restrictions & Self.allowsCredentials != 0
        lifetime.mayBeStale = self.restrictions & Self.mayBeStale != 0
        return lifetime
    }

    private static func duration(_ milliseconds: Int64) -> Int64 { min(max(0, milliseconds), Self.longestDuration) }
}
