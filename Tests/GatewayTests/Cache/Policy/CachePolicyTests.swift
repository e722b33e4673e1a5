import Testing

@testable import GatewayCache
@testable import GatewayHTTP

/// What is stored and for how long, by section of RFC 9111.
struct CachePolicyTests {
    /// 6 November 1994, 08:49:37 GMT.
    private static let date: Int64 = 784_111_777_000

    private static func verdict(
        _ status: Int,
        _ lines: String,
        to requestLines: String = "",
        _ change: (inout CachePolicy) -> Void = { _ in },
        delay: Int64 = 0
    ) -> CachePolicy.Verdict {
        var policy = CachePolicy()
        policy.targets = [HeaderName("CDN-Cache-Control")]
        change(&policy)
        var request = RequestHead()
        request.headers = Heads.fields(requestLines)
        var response = ResponseHead()
        response.status = status
        response.headers = Heads.fields(lines)
        return policy.verdict(
            on: response,
            to: CacheRequest(request, ignoresClient: policy.ignoresClient),
            askedAt: self.date - delay,
            receivedAt: self.date,
            date: self.date
        )
    }

    private static func seconds(_ verdict: CachePolicy.Verdict) -> Int64? {
        guard case .store(let lifetime, _) = verdict else { return nil }
        return lifetime.lifetime / 1000
    }

    @Test(
        arguments: [
            // Section 4.2.1: the order of what says how long.
            (200, "Cache-Control: max-age=60", 60), (200, "Cache-Control: s-maxage=5, max-age=60", 5),
            (200, "CDN-Cache-Control: max-age=7|Cache-Control: s-maxage=5", 7),
            (200, "CDN-Cache-Control: max-age=\"7\"|Cache-Control: s-maxage=5", 5),
            (200, "CDN-Cache-Control: MAX-AGE=7|Cache-Control: max-age=5", 5),
            (200, "CDN-Cache-Control:|Cache-Control: max-age=5", 5),
            (200, "CDN-Cache-Control: max-age=7,|Cache-Control: max-age=5", 5),
            (200, "CDN-Cache-Control: max-age=7;x=1, foo=(a \"b\");c|Cache-Control: no-store", 7),
            (200, "CDN-Cache-Control: no-store|Cache-Control: max-age=5", nil),
            (200, "Date: Sun, 06 Nov 1994 08:49:37 GMT|Expires: Sun, 06 Nov 1994 08:50:37 GMT", 60),
            (200, "Expires: Sun, 06 Nov 1994 08:50:37 GMT", 60),
            (200, "Expires: sun, 06 NOV 1994 08:50:37 gmt", 60),
            (200, "Cache-Control: max-age=5|Expires: Sun, 06 Nov 1994 08:50:37 GMT", 5),
            // Malformed and contradictory ones are stale.
            (200, "Expires: Sun, 06 Nov 1994 08:50:37 UTC", 0), (200, "Expires: 0", 0),
            (200, "Expires: Sun|Expires: 06 Nov 1994 08:50:37 GMT", 0),
            (200, "Cache-Control: max-age=60, max-age=61", 0),
            (200, "Cache-Control: max-age=60|Cache-Control: max-age=60", 60),
            (200, "Cache-Control: max-age", 0), (200, "Cache-Control: max-age=-1", 0),
            (200, "Cache-Control: max-age=1.0", 0),
            (200, "Cache-Control: max-age =60", 0), (200, "Cache-Control: max-age= 60", 0),
            (200, "Cache-Control: max-age=\"60\"", 60), (200, "Cache-Control: max-age=\"60", 0),
            (200, "Cache-Control: MAX-Age=60", 60), (200, "Cache-Control: max-age=99999999999999999999", 1 << 31),
            (200, "Cache-Control: a=\"b, max-age=60\", max-age=5", 5),
            // Section 3: what is never stored.
            (200, "Cache-Control: max-age=60, no-store", nil), (200, "Cache-Control: max-age=60, private", nil),
            (200, "Cache-Control: a=\"b, no-store, max-age=60", nil),
            (200, "Cache-Control: a\"b, no-store, c\", max-age=60", nil),
            (200, "Cache-Control: max-age=60|Vary: Foo, *", nil), (200, "Cache-Control: max-age=60|Vary: a b", nil),
            (200, "Cache-Control: max-age=60|Vary: x-forwarded-for", nil),
            (200, "Cache-Control: max-age=60|Set-Cookie: a=1", nil),
            (200, "Cache-Control: max-age=60, public|Set-Cookie: a=1", 60),
            (200, "Cache-Control: max-age=60, private=\"Set-Cookie\"|Set-Cookie: a=1", 60),
            (200, "Cache-Control: max-age=60, private=\"Foo, b@r\"", nil),
            (206, "Cache-Control: max-age=60", nil), (304, "Cache-Control: max-age=60", nil),
            (400, "Cache-Control: max-age=60", nil), (431, "Cache-Control: max-age=60, public", nil),
            (404, "Cache-Control: max-age=60", 60), (302, "Cache-Control: max-age=60", 60), (302, "", nil),
            (200, "", nil),
            (599, "Cache-Control: max-age=60", 60),
            // Section 5.2.2.3
            (200, "Cache-Control: no-store, must-understand, max-age=60", 60),
            (599, "Cache-Control: must-understand, max-age=60", nil),
            // Only with validators is there something to confirm.
            (200, "ETag: \"a\"", 0), (200, "Cache-Control: no-cache", nil),
            (200, "Cache-Control: no-cache|ETag: \"a\"", 0),
        ] as [(Int, String, Int64?)]
    )
    func `stores responses for as long as they say`(_ status: Int, _ lines: String, _ seconds: Int64?) {
        #expect(Self.seconds(Self.verdict(status, lines)) == seconds, "\(lines)")
    }

    @Test(
        arguments: [
            ("Authorization: a", "Cache-Control: max-age=60", false),
            ("Cookie: a", "Cache-Control: max-age=60", false),
            ("Cookie: a", "Cache-Control: max-age=60, public", true),
            ("Cookie: a", "Cache-Control: s-maxage=60", true),
            ("Cookie: a", "Cache-Control: max-age=60, must-revalidate", true),
            // A setting does not make responses to credentials shareable.
            ("Cookie: a", "Cache-Control: public", false),
            ("Client-Cert: :AA==:", "Cache-Control: max-age=60", false),
        ]
    )
    func `stores responses to credentials only as section 3.5 allows`(
        _ request: String,
        _ lines: String,
        _ isStored: Bool
    ) {
        let verdict = Self.verdict(200, lines, to: request) { $0.defaultTTL = 1000 }
        #expect((Self.seconds(verdict) != nil) == isStored)
    }

    @Test func `settings apply where the response says nothing`() {
        func seconds(_ status: Int, _ lines: String) -> Int64? {
            Self.seconds(
                Self.verdict(status, lines) {
                    $0.defaultTTL = 10_000
                    $0.statusTTL = [404: 5000, 401: 7000]
                    $0.heuristic = 0.1
                }
            )
        }
        #expect(seconds(200, "") == 10)
        #expect(seconds(404, "") == 5)
        #expect(seconds(401, "Cache-Control: max-age=60") == 7)
        #expect(seconds(200, "Cache-Control: max-age=0") == 0)
        #expect(seconds(410, "Last-Modified: Sun, 06 Nov 1994 08:48:37 GMT") == 6)
        #expect(seconds(410, "Last-Modified: Sun, 06 Nov 1904 08:48:37 GMT") == 86_400)
        #expect(seconds(302, "Last-Modified: Sun, 06 Nov 1994 08:48:37 GMT") == nil)
    }

    @Test func `an override stores what the response forbids, without its cookie`() {
        let verdict = Self.verdict(200, "Cache-Control: no-store, private|Set-Cookie: a") { $0.overrideTTL = 3000 }
        guard case .store(let lifetime, let without) = verdict else {
            Issue.record("not stored")
            return
        }
        #expect(lifetime.lifetime == 3000)
        #expect(without == [HeaderName(.setCookie)])
        #expect(Self.seconds(Self.verdict(404, "Cache-Control: no-store") { $0.overrideTTL = 3000 }) == nil)
        #expect(Self.seconds(Self.verdict(200, "", to: "Cookie: a") { $0.overrideTTL = 3000 }) == nil)
    }

    @Test(
        arguments: [
            ("Age: 5", 7), ("Age: 5, 9", 7), ("Age: x", 2), ("Age: 7200.0", 2), ("Age: -1", 2), ("Age: 5|Age: 9", 7),
            // No wrong clock matters.
            ("Date: Sun, 06 Nov 1904 08:49:37 GMT", 2),
        ] as [(String, Int64)]
    )
    func `the age counts from that of the upstream`(_ lines: String, _ age: Int64) {
        let verdict = Self.verdict(200, "Cache-Control: max-age=60|" + lines, delay: 2000)
        guard case .store(let lifetime, _) = verdict else {
            Issue.record("not stored")
            return
        }
        #expect(lifetime.age(at: Self.date) == age * 1000)
        #expect(lifetime.age(at: Self.date - 3_600_000) == 0)
    }

    @Test(
        arguments: [
            ("max-age=60, stale-while-revalidate=5, stale-if-error=7", 5, 7, true), ("max-age=60", 1, 2, true),
            ("s-maxage=60", 0, 0, false), ("s-maxage=60, stale-while-revalidate=5", 5, 0, false),
            ("max-age=60, must-revalidate, stale-while-revalidate=5", 0, 0, false),
            ("max-age=60, proxy-revalidate, stale-if-error=5", 0, 0, false),
            ("max-age=60, stale-while-revalidate=x", 0, 2, true),
        ] as [(String, Int64, Int64, Bool)]
    )
    func `stale responses are served as RFC 5861 and section 5.2.2 allow`(
        _ control: String,
        _ whileRevalidate: Int64,
        _ ifError: Int64,
        _ mayBeStale: Bool
    ) {
        let verdict = Self.verdict(200, "Cache-Control: " + control) {
            $0.staleWhileRevalidate = 1000
            $0.staleIfError = 2000
        }
        guard case .store(let lifetime, _) = verdict else {
            Issue.record("not stored")
            return
        }
        #expect(lifetime.staleWhileRevalidate == whileRevalidate * 1000)
        #expect(lifetime.staleIfError == ifError * 1000)
        #expect(lifetime.mayBeStale == mayBeStale)
    }
}

enum Heads {
    /// Fields from lines that `|` separates.
    static func fields(_ lines: String) -> HeaderBlock {
        var block = HeaderBlock()
        for line in lines.split(separator: "|") {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts[1].drop { $0 == " " }
            block.add(HeaderName(String(parts[0])), Array(value.utf8))
        }
        return block
    }
}
