import Testing

@testable import GatewayCache

struct TierPurgeLogTests {
    private func stamp(_ number: UInt64) -> TierStamp { TierStamp(rawValue: number) }

    private func value(seen: UInt64) -> StoredValue.Response {
        var value = StoredValue.Response.sample(seen: self.stamp(seen), url: "http://a/b/1", tags: ["x", "y"])
        value.route = "r"
        return value
    }

    @Test(arguments: [
        (Purge.Subject.all, true), (.route("r"), true), (.route("q"), false), (.tag("y"), true), (.tag("z"), false),
        (.url("http://a/b/1"), true), (.url("http://a/b/"), false), (.prefix("http://a/b/"), true), (.prefix(""), true),
        (.prefix("http://a/b/1"), true), (.prefix("http://a/b/10"), false), (.prefix("http://b"), false),
    ])
    func `a purge concerns what it names, and is older`(subject: Purge.Subject, concerns: Bool) {
        var log = TierPurgeLog()
        log.insert(Purge(subject), at: self.stamp(10))
        #expect(log.standing(of: self.value(seen: 9)) == (concerns ? .purged : .valid))
        #expect(log.standing(of: self.value(seen: 10)) == .valid)
        var soft = TierPurgeLog()
        soft.insert(Purge(subject, isSoft: true), at: self.stamp(10))
        #expect(soft.standing(of: self.value(seen: 9)) == (concerns ? .stale : .valid))
        let value = self.value(seen: 0)
        #expect(Purge(subject).matches(url: value.url, route: value.route, tags: value.tags) == concerns)
    }

    @Test func `a soft purge does not weaken a hard one`() {
        var log = TierPurgeLog()
        log.insert(Purge(.tag("x")), at: self.stamp(10))
        log.insert(Purge(.tag("x"), isSoft: true), at: self.stamp(20))
        #expect(log.standing(of: self.value(seen: 9)) == .purged)
        #expect(log.standing(of: self.value(seen: 10)) == .stale)
        #expect(log.standing(of: self.value(seen: 20)) == .valid)
    }

    @Test func `purges that arrive late count`() {
        var log = TierPurgeLog()
        log.insert(Purge(.url("http://a/b/1")), at: self.stamp(30))
        log.insert(Purge(.url("http://a/b/1")), at: self.stamp(20))
        #expect(log.standing(of: self.value(seen: 25)) == .purged)
    }

    @Test func `what is forgotten counts as a purge of everything`() {
        var log = TierPurgeLog()
        for number in 1...UInt64(TierPurgeLog.maximumCount + 10) {
            log.insert(Purge(.tag("\(number)")), at: self.stamp(number))
        }
        #expect(log.count == TierPurgeLog.maximumCount && log.floor == self.stamp(10))
        #expect(log.standing(of: self.value(seen: 9)) == .purged)
        #expect(log.standing(of: self.value(seen: 10)) == .valid)
    }
}
