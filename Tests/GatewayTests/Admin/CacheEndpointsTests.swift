import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import GatewayAdmin
@testable import GatewayCache
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

@Suite struct CacheEndpointsTests {
    /// Notes what it is asked for.
    private final class FakeCache: CacheControlling {
        let maxSize = 0
        let purges = NIOLockedValueBox<[Purge]>([])
        let isPending: Bool?

        init(isPending: Bool? = nil) { self.isPending = isPending }

        func purge(_ purge: Purge) async -> PurgeOutcome {
            self.purges.withLockedValue { $0.append(purge) }
            return PurgeOutcome(purged: 3, isPending: self.isPending)
        }

        func apply(maxSize: Int, forms: StoredURLForms) {}

        func entries(of url: CacheURL) async -> [CacheEntry] {
            guard url.text == "//a.example/p?q=1" else { return [] }
            return [
                CacheEntry(
                    key: "00ff",
                    route: "api",
                    vary: ["accept-language": "de"],
                    status: 200,
                    age: 1999,
                    lifetime: 60_000,
                    size: 700,
                    hits: 4,
                    tags: ["news"],
                    encodings: ["gzip"]
                )
            ]
        }
    }

    private let admin = AdminFixture()

    private func purge(_ body: String, from cache: FakeCache? = FakeCache()) async -> (Response?, AdminRefusal?) {
        self.admin.status.cache = cache
        let request = AdminFixture.request("/cache/purge") {
            $0.method = .post
            $0.body = ByteBuffer(string: body)
        }
        do throws(AdminRefusal) {
            return (try await self.admin.router.response(to: request), nil)
        } catch {
            return (nil, error)
        }
    }

    @Test(
        arguments: [
            (#"{"all":true}"#, [Purge(.all)]), (#"{"all":true,"soft":false}"#, [Purge(.all)]),
            (#"{"tag":"news","soft":true}"#, [Purge(.tag("news"), isSoft: true)]),
            (#"{"route":"api"}"#, [Purge(.route("api"))]),
            (#"{"route":["api","web"]}"#, [Purge(.route("api")), Purge(.route("web"))]),
            (#"{"url":"https://A.example:443/p"}"#, [Purge(.url("//a.example/p"))]),
            (#"{"prefix":"http://a.example/i"}"#, [Purge(.prefix("//a.example/i"))]),
        ]
    )
    func `purges what the body names`(_ body: String, _ purges: [Purge]) async {
        let cache = FakeCache()
        let (response, _) = await self.purge(body, from: cache)
        #expect(response?.text == "{\n  \"purged\": \(3 * purges.count)\n}\n")
        #expect(cache.purges.withLockedValue { $0 } == purges)
    }

    @Test(
        arguments: [
            ("{}", ""), (#"{"soft":true}"#, ""), (#"{"url":"http://a/","tag":"x"}"#, ""), (#"{"all":false}"#, "all"),
            (#"{"all":1}"#, "all"), (#"{"url":"/p"}"#, "url"), (#"{"url":7}"#, "url"), (#"{"prefix":"a"}"#, "prefix"),
            (#"{"tag":""}"#, "tag"), (#"{"tag":["a"]}"#, "tag"), (#"{"route":[]}"#, "route"),
            (#"{"route":["a",1]}"#, "route"), (#"{"all":true,"soft":1}"#, "soft"), (#"{"all":true,"x":1}"#, "x"),
            ("[]", ""),
        ]
    )
    func `refuses other bodies and names the field`(_ body: String, _ field: String) async {
        let cache = FakeCache()
        let (_, refusal) = await self.purge(body, from: cache)
        #expect(refusal?.error.status == 422)
        #expect(refusal?.error.problems.map(\.field) == [field])
        #expect(cache.purges.withLockedValue { $0 } == [])
    }

    @Test func `refuses a body that is not JSON`() async {
        let (_, refusal) = await self.purge("all")
        #expect(refusal?.error.status == 400)
    }

    @Test func `tells whether a shared tier still waits`() async {
        let (response, _) = await self.purge(#"{"all":true}"#, from: FakeCache(isPending: true))
        #expect(response?.text == "{\n  \"purged\": 3,\n  \"redis\": \"pending\"\n}\n")
        let (done, _) = await self.purge(#"{"all":true}"#, from: FakeCache(isPending: false))
        #expect(done?.text.contains("redis") == false)
    }

    @Test func `purges nothing without a cache`() async {
        let (response, _) = await self.purge(#"{"all":true}"#, from: nil)
        #expect(response?.text == "{\n  \"purged\": 0\n}\n")
    }

    @Test func `shows what is stored under a URL`() async throws {
        self.admin.status.cache = FakeCache()
        let response = try await self.admin.get("/cache") { $0.query = "url=https%3A%2F%2FA.example%2Fp%3Fq%3D1" }
        let json = try response.json
        #expect(json["url"] == "https://A.example/p?q=1")
        #expect(
            json["entries"] == [
                [
                    "key": "00ff", "route": "api", "vary": ["accept-language": "de"], "status": 200, "age": 1,
                    "lifetime": 60, "size": 700, "hits": 4, "tags": ["news"], "encodings": ["gzip"],
                ]
            ]
        )
        let other = try await self.admin.get("/cache") { $0.query = "url=http://b.example/" }
        #expect(try other.json["entries"] == [])
    }

    @Test(arguments: ["", "url=", "url=/p", "url=http://a/&url=http://b/", "uri=http://a/"])
    func `refuses a question without one absolute URL`(_ query: String) async {
        #expect(await self.admin.statusCode("/cache") { $0.query = query } == 422)
    }

    @Test func `a purge is a write, a look is not`() async {
        #expect(PurgeCacheEndpoint().scope == .write)
        #expect(CacheEndpoint().scope == .read)
        #expect(await self.admin.statusCode("/cache/purge") == 405)
    }
}
