import GatewayHTTP
import NIOCore
import Testing

@testable import GatewayCache

struct TierPurgesTests {
    private static let tag = Purge(.tag("a"), isSoft: false)

    private func stamp(_ milliseconds: UInt64) -> TierStamp { TierStamp(rawValue: milliseconds << 16) }

    private func value(seen: TierStamp, tags: [String] = ["a"], url: String = "http://a/1") -> StoredValue.Response {
        StoredValue.Response.sample(seen: seen, url: url, tags: tags)
    }

    private func entry(_ purge: Purge, from gateway: UInt64 = 2) -> TierEntry {
        TierEntry(gateway: gateway, content: .purge(purge))
    }

    private func report(_ purges: inout TierPurges) throws -> TierPurges.Report {
        let report = purges.nextReport()
        return try #require(report)
    }

    private let beginning = TierEntry(gateway: 9, content: .beginning)

    /// A gateway that has read a stream with these stamps.
    private func joined(_ stamps: UInt64...) -> TierPurges {
        var purges = TierPurges(gateway: 1)
        purges.connected()
        let entries = stamps.map { (stamp: self.stamp($0), entry: self.beginning) }
        #expect(purges.read(entries, from: nil).next == .done)
        #expect(purges.isReady)
        return purges
    }

    // MARK: Joining

    @Test func `nothing is read from the tier before the stream is known`() {
        var purges = TierPurges(gateway: 1)
        #expect(!purges.isReady && purges.standing(of: self.value(seen: .none)) == .purged)
        purges.connected()
        #expect(!purges.isReady && purges.readFrom == nil)
        let read = purges.read([(self.stamp(1), self.beginning), (self.stamp(5), self.entry(Self.tag))], from: nil)
        #expect(read == TierPurges.OnRead(purges: [Self.tag], next: .done))
        #expect(purges.isReady && purges.seen == self.stamp(5) && purges.readFrom == self.stamp(5))
        #expect(purges.standing(of: self.value(seen: self.stamp(5))) == .valid)
        #expect(purges.standing(of: self.value(seen: self.stamp(4))) == .purged)
        #expect(purges.standing(of: self.value(seen: self.stamp(4), tags: ["b"])) == .valid)
    }

    @Test func `an empty stream is begun by its first reader`() {
        var purges = TierPurges(gateway: 1)
        purges.connected()
        #expect(purges.read([], from: nil) == TierPurges.OnRead(next: .begin(at: nil)))
        #expect(!purges.isReady)
        #expect(purges.read([(self.stamp(7), self.beginning)], from: nil) == TierPurges.OnRead(next: .done))
        #expect(purges.isReady && purges.seen == self.stamp(7))
    }

    @Test func `values from before the beginning of the stream are misses`() {
        let purges = self.joined(7, 9)
        #expect(purges.standing(of: self.value(seen: self.stamp(6))) == .purged)
        #expect(purges.standing(of: self.value(seen: self.stamp(7))) == .valid)
    }

    @Test func `a long stream is read in pages`() {
        var purges = TierPurges(gateway: 1)
        purges.connected()
        let page = (1...UInt64(TierPurges.pageLength)).map { (stamp: self.stamp($0), entry: self.beginning) }
        #expect(purges.read(page, from: nil).next == .readOn)
        #expect(!purges.isReady && purges.readFrom == page.last?.stamp)
        #expect(purges.read([page[page.count - 1]], from: purges.readFrom) == TierPurges.OnRead(next: .done))
        #expect(purges.isReady)
    }

    // MARK: The channel

    @Test func `a purge of another gateway is applied once`() {
        var purges = self.joined(1)
        #expect(purges.received(self.entry(Self.tag), at: self.stamp(2), after: self.stamp(1)) == .purge(Self.tag))
        #expect(purges.received(self.entry(Self.tag), at: self.stamp(2), after: self.stamp(1)) == .none)
        let again = [(stamp: self.stamp(2), entry: self.entry(Self.tag))]
        #expect(purges.read(again, from: self.stamp(2)) == TierPurges.OnRead(next: .done))
        #expect(purges.seen == self.stamp(2) && purges.standing(of: self.value(seen: self.stamp(1))) == .purged)
    }

    @Test func `a gap is filled from the stream`() {
        var purges = self.joined(1)
        #expect(
            purges.received(self.entry(Self.tag), at: self.stamp(3), after: self.stamp(2)) == .purgeAndRead(Self.tag)
        )
        #expect(purges.seen == self.stamp(1) && purges.isReady)
        #expect(purges.standing(of: self.value(seen: self.stamp(1))) == .purged)
        let other = Purge(.route("r"), isSoft: false)
        let missed = [
            (stamp: self.stamp(1), entry: self.beginning), (self.stamp(2), self.entry(other)),
            (self.stamp(3), self.entry(Self.tag)),
        ]
        #expect(purges.read(missed, from: self.stamp(1)) == TierPurges.OnRead(purges: [other, Self.tag], next: .done))
        #expect(purges.seen == self.stamp(3))
    }

    @Test func `a soft purge makes stale`() {
        var purges = self.joined(1)
        let soft = Purge(.url("http://a/1"), isSoft: true)
        #expect(purges.received(self.entry(soft), at: self.stamp(2), after: self.stamp(1)) == .purge(soft))
        #expect(purges.standing(of: self.value(seen: self.stamp(1))) == .stale)
        #expect(purges.standing(of: self.value(seen: self.stamp(2))) == .valid)
        #expect(purges.standing(of: self.value(seen: self.stamp(1), url: "http://a/2")) == .valid)
    }

    // MARK: Purges of this gateway

    @Test func `a purge counts at once, and is in force after Redis has it`() throws {
        var purges = self.joined(1)
        purges.purge(Self.tag)
        #expect(purges.standing(of: self.value(seen: self.stamp(9))) == .purged)
        let report = try self.report(&purges)
        #expect(report.entry == self.entry(Self.tag, from: 1) && report.after == self.stamp(1))
        #expect(purges.nextReport() == nil && purges.isReady)
        #expect(purges.added(report.number, at: self.stamp(4), after: self.stamp(1)) == .none)
        #expect(purges.received(report.entry, at: self.stamp(4), after: self.stamp(1)) == .none)
        #expect(purges.seen == self.stamp(4) && purges.unconfirmed == 0)
        #expect(purges.standing(of: self.value(seen: self.stamp(3))) == .purged)
        #expect(purges.standing(of: self.value(seen: self.stamp(4))) == .valid)
    }

    @Test func `the channel may be faster than the reply`() throws {
        var purges = self.joined(1)
        purges.purge(Self.tag)
        let report = try self.report(&purges)
        #expect(purges.received(report.entry, at: self.stamp(4), after: self.stamp(1)) == .none)
        #expect(purges.added(report.number, at: self.stamp(4), after: self.stamp(1)) == .none)
        #expect(purges.seen == self.stamp(4) && purges.unconfirmed == 0)
    }

    @Test func `a purge while Redis is away is done before anything is read`() throws {
        var purges = self.joined(1)
        purges.disconnected()
        purges.purge(Self.tag)
        purges.purge(Self.tag)
        #expect(purges.nextReport() == nil && purges.unconfirmed == 1)
        purges.connected()
        #expect(purges.nextReport() == nil)
        #expect(purges.read([(self.stamp(1), self.beginning)], from: self.stamp(1)).next == .done)
        #expect(!purges.isReady)
        let report = try self.report(&purges)
        #expect(!purges.isReady)
        #expect(purges.added(report.number, at: self.stamp(2), after: self.stamp(1)) == .none)
        #expect(purges.isReady)
    }

    @Test func `a purge that was not confirmed is sent again`() throws {
        var purges = self.joined(1)
        purges.purge(Self.tag)
        let report = try self.report(&purges)
        #expect(purges.failed(report.number) == .read)
        #expect(!purges.isReady && purges.nextReport() == nil)
        let late = [(stamp: self.stamp(1), entry: self.beginning), (self.stamp(2), report.entry)]
        #expect(purges.read(late, from: self.stamp(1)) == TierPurges.OnRead(next: .done))
        let again = try self.report(&purges)
        #expect(again.number == report.number && again.after == self.stamp(2))
        #expect(purges.added(again.number, at: self.stamp(3), after: self.stamp(2)) == .none)
        #expect(purges.isReady)
    }

    @Test func `too many waiting purges become one of everything`() throws {
        var purges = self.joined(1)
        purges.disconnected()
        let first = purges.purge(Purge(.tag("0")))
        for number in 1...TierPurges.maximumWaiting { purges.purge(Purge(.tag("\(number)"), isSoft: true)) }
        #expect(purges.unconfirmed == 1 && purges.isWaiting(first))
        purges.connected()
        _ = purges.read([(self.stamp(1), self.beginning)], from: self.stamp(1))
        let report = try self.report(&purges)
        #expect(report.entry.purge == Purge(.all, isSoft: false))
        #expect(purges.added(report.number, at: self.stamp(2), after: self.stamp(1)) == .none)
        #expect(!purges.isWaiting(first))
    }

    // MARK: Losses

    @Test func `a gateway that was cut off reads what it missed`() {
        var purges = self.joined(1, 2)
        purges.disconnected()
        purges.connected()
        let missed = [(stamp: self.stamp(2), entry: self.beginning), (self.stamp(3), self.entry(Self.tag))]
        #expect(purges.read(missed, from: self.stamp(2)) == TierPurges.OnRead(purges: [Self.tag], next: .done))
        #expect(purges.isReady)
    }

    @Test func `a gateway that missed too much empties its memory`() {
        var purges = self.joined(1, 2)
        purges.disconnected()
        purges.connected()
        let trimmed = [(stamp: self.stamp(8), entry: self.entry(Self.tag))]
        let read = purges.read(trimmed, from: self.stamp(2))
        #expect(read.isMemoryLost && read.next == .done && purges.isReady)
        #expect(purges.standing(of: self.value(seen: self.stamp(7), tags: [])) == .purged)
        #expect(purges.standing(of: self.value(seen: self.stamp(8))) == .valid)
    }

    @Test func `a server that lost the stream empties the memory of those it cut off`() {
        var purges = self.joined(5)
        purges.disconnected()
        purges.connected()
        #expect(
            purges.read([], from: self.stamp(5))
                == TierPurges.OnRead(isMemoryLost: true, next: .begin(at: self.stamp(5)))
        )
        #expect(purges.readFrom == nil && !purges.isReady)
        #expect(purges.read([(self.stamp(5), self.beginning)], from: nil) == TierPurges.OnRead(next: .done))
        #expect(purges.isReady && purges.standing(of: self.value(seen: self.stamp(5))) == .valid)
    }

    @Test func `a flushed database empties no memory, and values written since remain`() {
        var purges = self.joined(5)
        #expect(purges.read([], from: self.stamp(5)) == TierPurges.OnRead(next: .begin(at: self.stamp(5))))
        #expect(purges.isReady && purges.standing(of: self.value(seen: self.stamp(5))) == .valid)
        #expect(purges.read([(self.stamp(5), self.beginning)], from: nil) == TierPurges.OnRead(next: .done))
        #expect(purges.standing(of: self.value(seen: self.stamp(5))) == .valid)
        #expect(purges.standing(of: self.value(seen: self.stamp(4))) == .purged)
    }

    @Test func `the first purge after a flush is no gap`() {
        var purges = self.joined(5)
        #expect(purges.received(self.entry(Self.tag), at: self.stamp(6), after: .none) == .purge(Self.tag))
        #expect(purges.readFrom == self.stamp(6))
    }

    @Test func `a failed read stops reads of values until one succeeds`() {
        var purges = self.joined(5)
        purges.failedToRead()
        #expect(!purges.isReady)
        #expect(purges.read([(self.stamp(5), self.beginning)], from: self.stamp(5)).next == .done)
        #expect(purges.isReady)
    }

    @Test func `a reply from before the subscription ended changes nothing`() throws {
        var purges = self.joined(5)
        purges.purge(Self.tag)
        let report = try self.report(&purges)
        purges.disconnected()
        #expect(purges.failed(report.number) == .none)
        purges.failedToRead()
        #expect(!purges.isReady)
        #expect(purges.read([(self.stamp(5), self.beginning)], from: self.stamp(5)).next == .done)
        #expect(!purges.isReady)
    }
}
