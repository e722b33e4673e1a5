import GatewayAccess
import GatewayCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The tokens that an event loop has verified, with what they say.
///
/// A token is found by the end of its signature, which nobody can choose without the key, and then compared whole. That
/// is exact, and much cheaper than a digest of the token.
///
/// The cache has a fixed number of places. A new token takes the place of the one among four that was not used for
/// longest, so a flood of tokens costs others a verification at most.
struct TokenCache {
    final class Entry {
        fileprivate let hash: UInt64
        fileprivate let token: [UInt8]
        let value: Caller
        /// Milliseconds since 1970.
        fileprivate let expires: Int64
        /// The number of the issuer.
        let issuer: Int
        let key: TokenKey.ID
        /// The keys of the issuer that are known to contain the key.
        var keys: TokenKeySet
        fileprivate var used: UInt64 = 0

        fileprivate init(_ hash: UInt64, _ token: [UInt8], _ value: Caller, _ found: Verified) {
            self.hash = hash
            self.token = token
            self.value = value
            self.expires = found.expires
            self.issuer = found.issuer
            self.key = found.key
            self.keys = found.keys
        }
    }

    /// What is known about a token besides its value.
    struct Verified {
        let expires: Int64
        let issuer: Int
        let key: TokenKey.ID
        let keys: TokenKeySet

        init(_ token: VerifiedToken, issuer: Int, keys: TokenKeySet) {
            self.expires = token.expires
            self.issuer = issuer
            self.key = token.key
            self.keys = keys
        }
    }

    /// Longer tokens are verified each time, so that the memory has a bound.
    static let maximumLength = 4096
    private static let ways = 4

    /// Empty until there is a token.
    private var places: [Entry?] = []
    private let sets: Int
    private let seed: UInt64
    private var clock: UInt64 = 0

    /// - Parameters:
    ///   - sets: The number of places is four times as large. A power of two.
    ///   - seed: A random number.
    init(sets: Int = 1024, seed: UInt64) {
        self.sets = sets
        self.seed = seed | 1
    }

    var count: Int { self.places.count { $0 != nil } }

    /// Finds a token that is still valid.
    mutating func find(_ token: UnsafeRawBufferPointer, at now: Int64) -> Entry? {
        guard !self.places.isEmpty, let hash = self.hash(token) else { return nil }
        let start = self.start(hash)
        for index in start..<start &+ Self.ways {
            guard let entry = self.places[index], entry.hash == hash, Self.isSame(entry.token, token) else { continue }
            guard now < entry.expires else {
                self.places[index] = nil
                return nil
            }
            self.clock &+= 1
            entry.used = self.clock
            return entry
        }
        return nil
    }

    /// Remembers a token.
    mutating func add(_ token: UnsafeRawBufferPointer, _ value: Caller, _ found: Verified, at now: Int64) {
        guard found.expires > now, token.count <= Self.maximumLength, let hash = self.hash(token) else { return }
        if self.places.isEmpty { self.places = Array(repeating: nil, count: self.sets * Self.ways) }
        let start = self.start(hash)
        var place = start
        for index in start..<start + Self.ways {
            guard let entry = self.places[index], entry.expires > now, !Self.isSame(entry.token, token) else {
                place = index
                break
            }
            if let other = self.places[place], entry.used < other.used { place = index }
        }
        self.clock &+= 1
        let entry = Entry(hash, Array(token), value, found)
        entry.used = self.clock
        self.places[place] = entry
    }

    /// Forgets a token whose key is gone.
    mutating func remove(_ entry: Entry) {
        let start = self.start(entry.hash)
        for index in start..<start + Self.ways where self.places[index] === entry { self.places[index] = nil }
    }

    private func start(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (self.sets &- 1) &* Self.ways }

    private func hash(_ token: UnsafeRawBufferPointer) -> UInt64? {
        guard token.count >= 16 else { return nil }
        let first = token.loadUnaligned(fromByteOffset: token.count &- 16, as: UInt64.self)
        let last = token.loadUnaligned(fromByteOffset: token.count &- 8, as: UInt64.self)
        let product = (first ^ self.seed).multipliedFullWidth(by: last | 1)
        return product.high ^ product.low
    }

    private static func isSame(_ known: [UInt8], _ token: UnsafeRawBufferPointer) -> Bool {
        guard known.count == token.count, let start = token.baseAddress else { return false }
        return known.withUnsafeBytes { $0.baseAddress.map { memcmp($0, start, token.count) == 0 } ?? false }
    }
}
