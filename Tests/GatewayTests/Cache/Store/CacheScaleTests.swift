import Foundation
import GatewayHTTP
import NIOCore
import Testing

@testable import GatewayCache

#if canImport(Glibc)
    import Glibc

    private let scale = ProcessInfo.processInfo.environment["GATEWAY_CACHE_SCALE"].flatMap { Int($0) } ?? 0

    /// What the store costs with very many responses. Prints figures, and takes a minute and a gigabyte, so it runs only
    /// with `GATEWAY_CACHE_SCALE` set to the number of responses: alone, since it looks at the memory of the process.
    @Suite(.serialized, .enabled(if: scale > 0))
    struct CacheScaleTests {
        @Test(arguments: [0, 100, 1100, 10_000], [false, true])
        func `takes the memory that it counts`(size: Int, isVaried: Bool) {
            let count = size > 5000 ? scale / 10 : scale
            let before = Self.allocated()
            let store = CacheStore(maxSize: 1 << 40)
            for number in 0..<UInt64(count) { store.insert(Self.response(number, size, isVaried), at: 0) }
            let taken = Self.allocated() - before
            let counted = store.figures.bytes
            let plain = store.variants(of: .sample(7))[0]
            let contents = plain.url.utf8.count + plain.fields.bytes.readableBytes + size
            print(
                "body \(size), varied \(isVaried): \(taken / count) bytes each, counted \(counted / count), overhead",
                "\(taken / count - contents), with \(plain.fields.fields.count) fields"
            )
            #expect(abs(Double(counted) / Double(taken) - 1) < 0.1)
        }

        @Test func `no step takes long`() {
            let store = CacheStore(maxSize: 1 << 40)
            let responses = (0..<UInt64(scale)).map { number in
                StoredResponse.sample(number, url: "http://h/\(number % 100)/\(number)", tags: ["t\(number % 10)"])
            }
            Self.measure("insert", responses.count) { store.insert(responses[$0], at: 0) }
            let none = HeaderBlock()
            let keys = responses.map(\.key)
            Self.measure("find", keys.count) { _ = store.find(keys[$0], for: none, at: 0) }
            func sweep(_ purge: Purge) {
                var sweep = store.beginPurge(purge, at: 0)
                Self.measure("purge \(purge)", store.shards.count + scale / 1024) { _ in _ = store.step(&sweep) }
                #expect(!store.step(&sweep))
                print("purged \(sweep.count)")
            }
            sweep(Purge(.tag("t1")))
            sweep(Purge(.prefix("http://h/7/")))
            Self.measure("invalidate", 1000) { store.invalidate(url: "http://h/8/\($0 * 100 + 8)", at: 0) }
            store.maxSize = store.figures.bytes / 2
            Self.measure("insert with evictions", 20_000) { number in
                store.insert(.sample(UInt64(number + scale)), at: 0)
            }
            sweep(Purge(.all, isSoft: true))
            sweep(Purge(.all))
            #expect(store.figures.objects == 0)
            #expect(store.figures.bytes == 0)
        }

        /// The parts of the store's operations that hold the lock of a shard.
        @Test func `no lock is held for long`() {
            var shard = CacheShard()
            let responses = (0..<UInt64(scale / 16)).map { StoredResponse.sample($0) }
            let keys = responses.map(\.key)
            Self.measure("insert", keys.count) { _ = shard.insert(responses[$0], size: 1000) }
            Self.measure("find", keys.count) { _ = shard.find(keys[$0]) }
            var removed: [CacheShard.Removed] = []
            removed.reserveCapacity(keys.count)
            var end = nil as Int?
            let soft = PurgeSweep(Purge(.all, isSoft: true), stamp: PurgeStamp(rawValue: 1), at: 0)
            let hard = PurgeSweep(Purge(.all), stamp: PurgeStamp(rawValue: 2), at: 0)
            for (name, sweep) in [("make stale", soft), ("purge", hard)] {
                Self.measure(name, (keys.count + 31) / 32) { _ in
                    var found = CacheShard.Removed()
                    end = shard.purge(before: end, looks: 32, by: sweep, &found).next
                    removed.append(found)
                }
            }
            #expect(shard.count == 0)
            for response in responses { _ = shard.insert(response, size: 1000) }
            var evicted: [CacheShard.Evicted?] = []
            evicted.reserveCapacity(keys.count)
            Self.measure("evict", keys.count) { _ in evicted.append(shard.evict(at: 0)) }
            #expect(shard.count == 0)
        }

        private static func measure(_ name: String, _ count: Int, _ step: (Int) -> Void) {
            var (longest, total, place) = (0, 0, 0)
            for index in 0..<count {
                let start = Self.processorTime()
                step(index)
                let time = Self.processorTime() - start
                total += time
                if time > longest { (longest, place) = (time, index) }
            }
            print("\(name): \(total / max(1, count)) ns for each of \(count), \(longest / 1000) us for the \(place)th")
        }

        /// A response whose head and body come as they do from an upstream.
        private static func response(_ number: UInt64, _ size: Int, _ isVaried: Bool) -> StoredResponse {
            var head = HeaderBlock.sample([
                ("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "max-age=600"),
                ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("ETag", "\"5f3-62b1c8e7a\(number)\""),
                ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"), ("Content-Length", "\(size)"), ("Server", "nginx"),
            ])
            if isVaried { head.add(HeaderName("Vary"), Array("Accept-Encoding".utf8)) }
            let fields = PreparedFields(room: head.bytes.readableBytes) { fields in
                for field in head.fields { fields.add(field, from: head) }
            }
            var body = ByteBufferAllocator().buffer(capacity: size)
            body.writeRepeatingByte(7, count: size)
            return StoredResponse(
                key: .sample(number),
                variant: Variant(Variant.names(in: head), of: .sample([("Accept-Encoding", "gzip, deflate, br")])),
                route: "a route with a name",
                url: "http://www.example.com/images/products/\(number)/large.jpg",
                status: 200,
                fields: fields,
                body: size > 0 ? body : ByteBuffer(),
                lifetime: ResponseLifetime(bornAt: 0, lifetime: 600_000, source: .upstream),
                askedAt: .none
            )
        }

        /// Of this thread, in nanoseconds: whoever else runs on the machine does not count.
        private static func processorTime() -> Int {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return time.tv_sec * 1_000_000_000 + time.tv_nsec
        }

        /// The bytes that the allocator has given out, as `malloc_info(3)` tells.
        private static func allocated() -> Int {
            typealias Function = @convention(c) (CInt, UnsafeMutablePointer<FILE>) -> CInt
            guard let symbol = dlsym(nil, "malloc_info") else { return 0 }
            var text: UnsafeMutablePointer<CChar>?
            var length = 0
            guard let file = open_memstream(&text, &length) else { return 0 }
            _ = unsafeBitCast(symbol, to: Function.self)(0, file)
            fclose(file)
            defer { free(text) }
            guard let text else { return 0 }
            // The last lines are about all arenas.
            func last(_ element: String) -> Int {
                let line = String(cString: text).split(separator: "\n").last { $0.hasPrefix(element) } ?? ""
                return Int(line.split(separator: "\"").dropLast().last ?? "") ?? 0
            }
            return last("<system type=\"current\"") + last("<total type=\"mmap\"")
                - last("<total type=\"fast\"") - last("<total type=\"rest\"")
        }
    }
#endif
