import Testing

@testable import GatewayCache
@testable import GatewayHTTP

/// What a request gets from the cache (RFC 9111 sections 4.2 and 5.2.1).
struct CacheRequestTests {
    private static func request(_ lines: String, ignoresClient: Bool = false, method: Method = .get) -> CacheRequest {
        var policy = CachePolicy()
        policy.ignoresClient = ignoresClient
        var request = RequestHead()
        request.method = method
        request.headers = Heads.fields(lines)
        return CacheRequest(request, ignoresClient: policy.ignoresClient)
    }

    private static func lifetime(_ change: (inout ResponseLifetime) -> Void = { _ in }) -> ResponseLifetime {
        var lifetime = ResponseLifetime(bornAt: 0, lifetime: 60_000, source: .upstream)
        change(&lifetime)
        return lifetime
    }

    @Test(
        arguments: [
            ("", 59, .fresh), ("", 60, .revalidate), ("Cache-Control: no-cache", 1, .revalidate),
            ("Pragma: no-cache", 1, .revalidate), ("Pragma: no-cache|Cache-Control: foo", 1, .fresh),
            ("Cache-Control: max-age=0", 0, .revalidate), ("Cache-Control: max-age=5", 5, .fresh),
            ("Cache-Control: max-age=5", 6, .revalidate), ("Cache-Control: min-fresh=10", 50, .fresh),
            ("Cache-Control: min-fresh=10", 51, .revalidate), ("Cache-Control: max-stale", 1000, .acceptedStale),
            ("Cache-Control: max-stale=5", 65, .acceptedStale), ("Cache-Control: max-stale=5", 66, .revalidate),
            ("Cache-Control: max-stale=x", 66, .revalidate), ("Authorization: a", 1, .unusable),
            ("Cookie: a", 1, .unusable),
        ] as [(String, Int64, ResponseLifetime.Reuse)]
    )
    func `a client's directives count`(_ lines: String, _ age: Int64, _ reuse: ResponseLifetime.Reuse) {
        #expect(Self.lifetime().reuse(by: Self.request(lines), at: age * 1000) == reuse)
    }

    @Test func `a client's directives are ignored but for only-if-cached`() {
        let request = Self.request("Cache-Control: no-cache, no-store, only-if-cached", ignoresClient: true)
        #expect(request.bypass == nil)
        #expect(request.isOnlyIfCached)
        #expect(Self.lifetime().reuse(by: request, at: 1000) == .fresh)
        #expect(Self.request("Cache-Control: only-if-cached").isOnlyIfCached)
    }

    @Test func `stale responses are served within their windows`() {
        let request = Self.request("")
        let window = Self.lifetime {
            $0.staleWhileRevalidate = 5000
            $0.staleIfError = 9000
        }
        #expect(window.reuse(by: request, at: 64_999) == .staleWhileRevalidate)
        #expect(window.reuse(by: request, at: 65_000) == .revalidate)
        #expect(window.mayServeOnError(by: request, at: 68_999))
        #expect(!window.mayServeOnError(by: request, at: 69_000))
        #expect(!window.mayServeOnError(by: Self.request("Cookie: a"), at: 61_000))
        let strict = Self.lifetime { $0.mayBeStale = false }
        #expect(strict.reuse(by: Self.request("Cache-Control: max-stale"), at: 61_000) == .revalidate)
        let always = Self.lifetime { $0.isRevalidatedAlways = true }
        #expect(always.reuse(by: request, at: 0) == .revalidate)
    }

    @Test(
        arguments: [
            ("X-Original-URL: /a", .override), ("x-rewrite-url: /a", .override), ("X-Original-Host: a", .override),
            ("X-Host: a", .override), ("X-HTTP-Method-Override: PUT", .override), ("X-HTTP-Method: PUT", .override),
            ("X-Method-Override: PUT", .override), ("X-Hosts: a", nil), ("Cache-Control: no-store", .client),
            ("Range: bytes=0-1", nil),
        ] as [(String, CacheRequest.Bypass?)]
    )
    func `requests that may mean another response bypass the cache`(_ lines: String, _ bypass: CacheRequest.Bypass?) {
        #expect(Self.request(lines).bypass == bypass)
    }

    @Test func `methods other than GET and HEAD bypass the cache`() {
        for method in Method.allCases {
            #expect((Self.request("", method: method).bypass == nil) == (method == .get || method == .head))
        }
    }
}
