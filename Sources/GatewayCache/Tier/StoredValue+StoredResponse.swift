extension StoredValue.Response {
    /// The value of a response that is written now.
    ///
    /// - Parameter seen: The last purge that was known when its request was sent.
    package init(_ response: StoredResponse, seen: TierStamp, at now: Int64) {
        self.init(
            seen: seen,
            kept: 0,
            route: response.route,
            url: response.url,
            variant: response.variant.tierBytes,
            tags: response.tags,
            status: response.status,
            fields: response.fields,
            lifetime: StoredLifetime(response.lifetime, at: now),
            body: response.body
        )
    }

    /// The response for the memory of this gateway. Nil if the value cannot be one.
    ///
    /// - Parameters:
    ///   - key: The key in the memory of this gateway.
    ///   - variant: What the request selects by.
    ///   - askedAt: The last purge of this memory when the value was asked for.
    ///   - elapsed: Milliseconds since it was written.
    package func response(
        key: CacheKey,
        variant: Variant,
        askedAt: PurgeStamp,
        at now: Int64,
        elapsed: Int64,
        isStale: Bool
    ) -> StoredResponse? {
        guard let lifetime = self.lifetime.lifetime(at: now, elapsed: elapsed) else { return nil }
        guard variant.tierBytes == self.variant else { return nil }
        let response = StoredResponse(
            key: key,
            variant: variant,
            route: self.route,
            url: self.url,
            status: self.status,
            fields: self.fields,
            body: self.body,
            lifetime: lifetime,
            tags: self.tags,
            askedAt: askedAt
        )
        return isStale ? response.madeStale(at: now) : response
    }
}
