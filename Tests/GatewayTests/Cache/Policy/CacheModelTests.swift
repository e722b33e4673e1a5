import Foundation
import GatewayHTTP
import Testing

@testable import GatewayCache

/// Compares what the cache decides with a model of RFC 9111, over random settings, exchanges and later requests.
struct CacheModelTests {
    /// `GATEWAY_THOROUGH` asks for all cases.
    private static let count =
        ProcessInfo.processInfo.environment["GATEWAY_THOROUGH"] == nil ? 2000 : 200_000

    @Test func `stores and reuses responses as the RFC says`() {
        var stored = 0
        var differences: [String] = []
        for seed in 0..<UInt64(Self.count) where differences.count < 3 {
            var sample = CacheModelCase(seed: seed)
            guard let difference = Self.difference(&sample, &stored) else { continue }
            differences.append("\(seed): \(difference)\n\(sample)")
        }
        #expect(differences == [])
        #expect(stored > Self.count / 4)
    }

    private static func difference(_ sample: inout CacheModelCase, _ count: inout Int) -> String? {
        let (model, policy) = (sample.model, CachePolicy(sample.model))
        let response = sample.head()
        let received = 50_000_000 as Int64
        let verdict = policy.verdict(
            on: response,
            to: CacheRequest(sample.head(of: sample.request), ignoresClient: policy.ignoresClient),
            askedAt: received - Int64(sample.response.delay),
            receivedAt: received,
            date: CacheModelCase.now * 1000
        )
        let expected = model.stored(sample.response, to: sample.request)
        let lines = response.headers.fields.map { field in
            [field.name, field.value].map { response.headers.withBytes($0) { String(decoding: $0, as: UTF8.self) } }
                .joined(separator: ": ")
        }
        guard case .store(let lifetime, let without) = verdict else {
            return expected.map { "not stored, expected \($0)\n\(lines)" }
        }
        guard let expected else { return "stored for \(lifetime)\n\(lines)" }
        count += 1
        let found = CacheModel.Stored(lifetime, receivedAt: received, without)
        guard found == expected else { return "\(found)\n\(expected)\n\(lines)" }
        for _ in 0..<3 {
            let request = sample.anyRequest()
            let since = sample.number(0..<150_000)
            let later = CacheRequest(sample.head(of: request), ignoresClient: policy.ignoresClient)
            let age = expected.initialAge + since
            let now = received + Int64(since)
            let use = CacheModel.Use(lifetime.reuse(by: later, at: now))
            if lifetime.age(at: now) != age { return "age \(lifetime.age(at: now)), expected \(age)" }
            let expectedUse = model.use(of: expected, by: request, age: age)
            if use != expectedUse { return "\(use), expected \(expectedUse) of \(expected)\nat \(age) for \(request)" }
            if lifetime.mayServeOnError(by: later, at: now) != model.standsIn(expected, for: request, age: age) {
                return "stands in for an error differently: \(expected)\nat \(age) for \(request)"
            }
        }
        return nil
    }
}

extension CachePolicy {
    fileprivate init(_ model: CacheModel) {
        self.init()
        self.defaultTTL = Int64(model.defaultTTL)
        self.statusTTL = model.statusTTL.mapValues { Int64($0) }
        self.overrideTTL = model.overrideTTL.map { Int64($0) }
        self.heuristic = model.heuristic
        self.targets = model.hasTarget ? [HeaderName("CDN-Cache-Control")] : []
        self.ignoresClient = model.ignoresClient
        self.staleWhileRevalidate = Int64(model.staleWhileRevalidate)
        self.staleIfError = Int64(model.staleIfError)
    }
}

extension CacheModel.Stored {
    fileprivate init(_ lifetime: ResponseLifetime, receivedAt: Int64, _ without: [HeaderName]) {
        self.init(
            lifetime: Int(lifetime.lifetime),
            initialAge: Int(receivedAt - lifetime.bornAt),
            withheld: Set(without.map { $0.description.lowercased() }),
            isConfirmedAlways: lifetime.isRevalidatedAlways,
            isForCredentials: lifetime.allowsCredentials,
            mayBeStale: lifetime.mayBeStale,
            staleWhileRevalidate: Int(lifetime.staleWhileRevalidate),
            staleIfError: Int(lifetime.staleIfError)
        )
    }
}

extension CacheModel.Use {
    fileprivate init(_ reuse: ResponseLifetime.Reuse) {
        self =
            switch reuse {
            case .fresh: .fresh
            case .acceptedStale: .acceptedStale
            case .staleWhileRevalidate: .staleWhileRevalidate
            case .revalidate: .revalidate
            case .unusable: .unusable
            }
    }
}
