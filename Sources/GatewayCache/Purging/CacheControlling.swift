/// What the admin API asks of the cache.
package protocol CacheControlling: AnyObject, Sendable {
    /// Applies a purge here, and in the tiers that other gateways share.
    func purge(_ purge: Purge) async -> PurgeOutcome
    /// Returns what is stored in this memory under a URL.
    func entries(of url: CacheURL) async -> [CacheEntry]
    /// Applies the settings of the running configuration.
    ///
    /// - Parameters:
    ///   - maxSize: In bytes. Responses that do not fit any more are evicted.
    ///   - forms: A URL names what is stored for it in every form.
    func apply(maxSize: Int, forms: StoredURLForms)
    /// In bytes; 0 if no route has a cache.
    var maxSize: Int { get }
}

/// What a purge did.
package struct PurgeOutcome: Hashable, Sendable {
    /// The number of responses in this memory that it concerned.
    package var purged: Int
    /// Whether the shared tier is away and applies the purge later; nil if there is none.
    package var isPending: Bool?

    package init(purged: Int, isPending: Bool? = nil) {
        self.purged = purged
        self.isPending = isPending
    }
}

/// A stored response, as the admin API shows it.
package struct CacheEntry: Hashable, Sendable {
    /// In hexadecimal.
    package var key: String
    package var route: String
    /// The request fields that selected it, by name.
    package var vary: [String: String]
    package var status: Int
    /// In milliseconds.
    package var age: Int64
    /// In milliseconds. Zero or less: it is validated before each use.
    package var lifetime: Int64
    /// In bytes, with its key and its head.
    package var size: Int
    package var hits: Int
    package var tags: [String]
    /// The codings in which its body is kept too.
    package var encodings: [String]

    package init(
        key: String,
        route: String,
        vary: [String: String],
        status: Int,
        age: Int64,
        lifetime: Int64,
        size: Int,
        hits: Int,
        tags: [String],
        encodings: [String]
    ) {
        self.key = key
        self.route = route
        self.vary = vary
        self.status = status
        self.age = age
        self.lifetime = lifetime
        self.size = size
        self.hits = hits
        self.tags = tags
        self.encodings = encodings
    }
}
