import GatewayHTTP
import NIOCore

@testable import GatewayCache

extension StoredResponse {
    static func sample(
        _ number: UInt64 = 1,
        vary: [(String, String)] = [],
        route: String = "r",
        url: String? = nil,
        size: Int = 100,
        bornAt: Int64 = 0,
        lifetime: Int64 = 60_000,
        tags: [String] = [],
        askedAt: PurgeStamp = .none
    ) -> StoredResponse {
        StoredResponse(
            key: .sample(number),
            variant: Variant(vary.compactMap { HeaderName(validating: $0.0) }, of: .sample(vary)),
            route: route,
            url: url ?? "//h/\(number)",
            status: 200,
            fields: PreparedFields { $0.add(HeaderName(.contentType), "text/plain") },
            body: ByteBuffer(repeating: UInt8(truncatingIfNeeded: number), count: size),
            lifetime: ResponseLifetime(bornAt: bornAt, lifetime: lifetime, source: .upstream),
            tags: tags,
            askedAt: askedAt
        )
    }
}

extension CacheKey {
    /// A key as a good hash makes it.
    static func sample(_ number: UInt64) -> CacheKey {
        var random = SeededRandom(seed: number)
        return CacheKey(high: random.next(), low: random.next())
    }
}

extension HeaderBlock {
    static func sample(_ fields: [(String, String)] = []) -> HeaderBlock {
        var block = HeaderBlock()
        for (name, value) in fields {
            if let name = HeaderName(validating: name) { block.add(name, Array(value.utf8)) }
        }
        return block
    }
}

extension CacheStore {
    func find(_ number: UInt64, _ fields: [(String, String)] = [], at now: Int64 = 0) -> StoredResponse? {
        self.find(.sample(number), for: .sample(fields), at: now)
    }
}

/// Does random things to a store, and compares it with plain dictionaries. A response that the store has evicted may be
/// absent; whatever it finds has to be what was stored last.
struct CacheStoreModel {
    private struct Name: Hashable {
        let number: UInt64
        let language: String?
    }

    let store: CacheStore
    private var random: SeededRandom
    private var model: [Name: StoredResponse] = [:]
    private(set) var failures: [String] = []
    private(set) var finds = 0

    init(seed: UInt64, maxSize: Int, shards: Int) {
        self.store = CacheStore(maxSize: maxSize, shards: shards)
        self.random = SeededRandom(seed: seed)
    }

    private mutating func below(_ limit: UInt64) -> UInt64 { self.random.next() % limit }

    mutating func run(steps: Int) {
        for step in 0..<steps where self.failures.isEmpty {
            self.step(Int64(step))
            let figures = self.store.figures
            if figures.bytes > self.store.maxSize { self.failures.append("\(figures.bytes) bytes") }
        }
        self.checkFigures()
    }

    private mutating func step(_ now: Int64) {
        let number = self.below(40)
        // Each URL either varies or not, as `Vary` does in general.
        let language = number % 3 == 0 ? "l\(self.below(number % 2 == 0 ? 4 : 14))" : nil
        let name = Name(number: number, language: language)
        let vary = language.map { [("accept-language", $0)] } ?? []
        switch self.below(20) {
        case 0..<8:
            let response = StoredResponse.sample(
                number,
                vary: vary,
                route: "r\(number % 2)",
                // Several keys have one URL, and some keys several.
                url: "//h/\(number % 4 == 1 ? self.below(20) : number / 2)",
                size: Int(self.below(3000)),
                bornAt: now,
                lifetime: 1_000_000,
                tags: ["t\(number % 5)"],
                askedAt: self.store.stamp
            )
            if self.store.insert(response, at: now) { self.model[name] = response }
        case 8..<16:
            guard let found = self.store.find(number, vary, at: now) else { return }
            self.finds += 1
            if found !== self.model[name] { self.failures.append("found another response of \(name)") }
        case 16:
            guard let old = self.model[name] else { return }
            let new = old.updated(lifetime: old.lifetime, askedAt: self.store.stamp)
            if self.store.replace(old, with: new, at: now) { self.model[name] = new }
        case 17:
            guard let old = self.model[name] else { return }
            if self.below(2) == 0 {
                self.store.drop(old)
                self.model[name] = nil
            } else {
                let body = ByteBuffer(repeating: 1, count: 300)
                self.store.keep(StoredResponse.EncodedBody(coding: "br", body: body), for: old)
            }
        case 18:
            let url = "//h/\(number / 2)"
            let listed = self.store.list(url: url).count
            if self.store.invalidate(url: url, at: now) != listed { self.failures.append("another number of \(url)") }
            self.model = self.model.filter { $0.value.url != url }
        default:
            let purge = Purge(self.below(2) == 0 ? .tag("t\(number % 5)") : .route("r\(number % 2)"))
            self.sweep(purge, at: now)
            self.model = self.model.filter {
                !purge.matches(url: $0.value.url, route: $0.value.route, tags: $0.value.tags)
            }
            if self.below(4) == 0 { self.store.maxSize = 10_000 + Int(self.below(60_000)) }
            while self.store.figures.bytes > self.store.maxSize { self.sweep(Purge(.all), at: now) }
        }
    }

    private func sweep(_ purge: Purge, at now: Int64) {
        var sweep = self.store.beginPurge(purge, at: now)
        while self.store.step(&sweep) {}
    }

    /// The figures are those of what is found.
    private mutating func checkFigures() {
        let stored = Set(self.model.keys.map(\.number)).flatMap { self.store.variants(of: .sample($0)) }
        let figures = self.store.figures
        if stored.count != figures.objects {
            self.failures.append("\(figures.objects) objects, but found \(stored.count)")
        }
        let bytes = stored.reduce(0) { $0 + $1.size }
        if bytes != figures.bytes { self.failures.append("\(figures.bytes) bytes, but found \(bytes)") }
    }
}
