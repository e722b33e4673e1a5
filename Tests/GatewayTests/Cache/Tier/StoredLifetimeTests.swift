import NIOCore
import Testing

@testable import GatewayCache

struct StoredLifetimeTests {
    private func lifetime(age: Int64 = 0, _ lifetime: Int64, swr: Int64 = 0, sie: Int64 = 0) -> StoredLifetime {
        StoredLifetime(
            age: age,
            lifetime: lifetime,
            staleWhileRevalidate: swr,
            staleIfError: sie,
            source: 0,
            restrictions: 0
        )
    }

    @Test func `a value is kept while it can be used`() {
        #expect(self.lifetime(60_000).usefulTime(hasValidator: false) == 60_000)
        #expect(self.lifetime(age: 50_000, 60_000).usefulTime(hasValidator: false) == 10_000)
        #expect(self.lifetime(60_000, swr: 5000, sie: 9000).usefulTime(hasValidator: false) == 69_000)
        #expect(self.lifetime(age: 70_000, 60_000).usefulTime(hasValidator: false) == 0)
    }

    @Test func `one with a validator is kept to be revalidated`() {
        #expect(self.lifetime(600_000).usefulTime(hasValidator: true) == 1_200_000)
        #expect(self.lifetime(0).usefulTime(hasValidator: true) == 60_000)
        #expect(self.lifetime(age: 900_000, 600_000).usefulTime(hasValidator: true) == 600_000)
        #expect(self.lifetime(1000, sie: 300_000).usefulTime(hasValidator: true) == 301_000)
    }

    @Test func `no value is kept for more than a year`() {
        #expect(self.lifetime(1 << 42).usefulTime(hasValidator: true) == 31_536_000_000)
    }

    @Test(arguments: [-1, .min, .max, (1 << 42) + 1] as [Int64]) func `impossible durations are no lifetime`(
        duration: Int64
    ) {
        for index in 0..<4 {
            var bytes = ByteBuffer()
            for other in 0..<4 { bytes.writeInteger(other == index ? duration : 5) }
            bytes.writeInteger(0 as UInt8)
            bytes.writeInteger(0 as UInt16)
            #expect(StoredLifetime(&bytes) == nil)
        }
    }

    @Test func `a lifetime is the same on a gateway with another clock`() throws {
        var written = ResponseLifetime(bornAt: 5000, lifetime: 60_000, source: .heuristic)
        written.staleWhileRevalidate = 7000
        written.staleIfError = 8000
        for flags in 0..<8 {
            written.isRevalidatedAlways = flags & 1 != 0
            written.allowsCredentials = flags & 2 != 0
            written.mayBeStale = flags & 4 != 0
            let stored = StoredLifetime(written, at: 15_000)
            let read = try #require(stored.lifetime(at: 900_000, elapsed: 2500))
            #expect(read.age(at: 900_000) == 12_500)
            var expected = ResponseLifetime(bornAt: read.bornAt, lifetime: 60_000, source: .heuristic)
            expected.staleWhileRevalidate = 7000
            expected.staleIfError = 8000
            expected.isRevalidatedAlways = written.isRevalidatedAlways
            expected.allowsCredentials = written.allowsCredentials
            expected.mayBeStale = written.mayBeStale
            #expect(read == expected)
        }
    }

    @Test func `what no response has is a miss`() {
        var lifetime = self.lifetime(60_000)
        lifetime.source = 99
        #expect(lifetime.lifetime(at: 0, elapsed: 0) == nil)
        lifetime.source = 0
        lifetime.restrictions = 8
        #expect(lifetime.lifetime(at: 0, elapsed: 0) == nil)
    }
}
