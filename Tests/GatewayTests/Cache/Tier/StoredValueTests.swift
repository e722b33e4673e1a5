import GatewayHTTP
import NIOCore
import Testing

@testable import GatewayCache

struct StoredValueTests {
    @Test func `a response is read as it was written`() throws {
        let written = StoredValue.Response.sample(seen: TierStamp(rawValue: 77), url: "https://a/ä?b", tags: ["x", ""])
        guard case .response(let read)? = StoredValue(StoredValue.response(written).encoded()) else {
            throw Unexpected()
        }
        #expect(read.seen == written.seen && read.kept == written.kept && read.status == written.status)
        #expect(read.route == written.route && read.url == written.url && read.tags == written.tags)
        #expect(read.variant == written.variant && read.lifetime == written.lifetime && read.body == written.body)
        #expect(read.fields.contents == written.fields.contents && read.fields.names == written.fields.names)
    }

    @Test func `selecting fields are read as they were written`() {
        let bytes = StoredValue.selection(["accept-language", "x-a"]).encoded()
        guard case .selection(["accept-language", "x-a"])? = StoredValue(bytes) else {
            Issue.record("not a selection")
            return
        }
    }

    @Test(arguments: 0..<30 as Range<UInt64>) func `any response survives`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var written = StoredValue.Response.sample()
        written.body = ByteBuffer(bytes: random.bytes(upTo: 5000))
        written.variant = random.bytes(upTo: 50)
        written.tags = (0..<Int.random(in: 0...9, using: &random)).map { _ in "t\(random.next())" }
        written.seen = TierStamp(rawValue: random.next())
        written.fields = PreparedFields { block in
            for index in 0..<Int(seed) { block.add(HeaderName("x-\(index)"), random.bytes(upTo: 40)) }
        }
        let bytes = StoredValue.response(written).encoded()
        guard case .response(let read)? = StoredValue(bytes) else { throw Unexpected() }
        #expect(StoredValue.response(read).encoded() == bytes)
    }

    @Test func `any changed byte makes it a miss`() {
        let bytes = StoredValue.response(.sample()).encoded()
        for index in 0..<bytes.readableBytes {
            for change in [1, 0x80, 0xFF] as [UInt8] {
                var damaged = bytes
                damaged.setInteger(bytes.getInteger(at: index, as: UInt8.self)! ^ change, at: index)
                #expect(StoredValue(damaged) == nil, "byte \(index)")
            }
        }
    }

    @Test func `a value that was cut off or continued is a miss`() {
        for value in [StoredValue.response(.sample()), .selection(["accept"])] {
            let bytes = value.encoded()
            for length in 0..<bytes.readableBytes {
                #expect(StoredValue(bytes.getSlice(at: 0, length: length)!) == nil)
            }
            var longer = bytes
            longer.writeInteger(0 as UInt8)
            #expect(StoredValue(longer) == nil)
        }
    }

    @Test func `a value of another version is a miss`() {
        var bytes = StoredValue.response(.sample()).encoded()
        bytes.setInteger(2 as UInt8, at: 3)
        #expect(StoredValue(bytes) == nil)
        #expect(StoredValue(ByteBuffer(string: "an entry of another program")) == nil)
        #expect(StoredValue(ByteBuffer()) == nil)
    }

    @Test(arguments: [("", "v"), ("a b", "v"), ("a:", "v"), ("a", "v\r\nSet-Cookie: b"), ("a", "v\0"), ("a\n", "v")])
    func `a field that could start another line is a miss`(name: String, value: String) {
        var response = StoredValue.Response.sample()
        // Written by somebody who knows the format.
        response.fields = PreparedFields { block in
            Array(name.utf8).withUnsafeBytes { name in
                Array(value.utf8).withUnsafeBytes { block.addReceived(name, $0, id: .unknown) }
            }
        }
        #expect(StoredValue(StoredValue.response(response).encoded()) == nil)
    }

    @Test(arguments: [0, 100, 199, 206, 304, 600, 65535]) func `a status that is never stored is a miss`(status: Int) {
        var response = StoredValue.Response.sample()
        response.status = status
        #expect(StoredValue(StoredValue.response(response).encoded()) == nil)
    }

    @Test(arguments: [0, -1, .min, .max] as [Int64]) func `an impossible time is a miss`(kept: Int64) {
        var response = StoredValue.Response.sample()
        response.kept = kept
        #expect(StoredValue(StoredValue.response(response).encoded()) == nil)
    }

    @Test func `a received buffer is not kept alive by the body`() throws {
        var received = ByteBuffer(repeating: 0, count: 1 << 20)
        received.moveReaderIndex(to: received.writerIndex)
        received.writeImmutableBuffer(StoredValue.response(.sample()).encoded())
        guard case .response(let read)? = StoredValue(received) else { throw Unexpected() }
        #expect(read.body.capacity < 100 && read.fields.bytes.capacity < 4096)
    }

    private struct Unexpected: Error {}
}

extension StoredValue.Response {
    static func sample(seen: TierStamp = .none, url: String = "http://a/1", tags: [String] = ["a"]) -> Self {
        Self(
            seen: seen,
            kept: 60_000,
            route: "all",
            url: url,
            variant: [1, 2, 3],
            tags: tags,
            status: 200,
            fields: PreparedFields([
                (HeaderName("Content-Type"), Array("text/plain".utf8)), (HeaderName("X-Own"), Array("ü, b".utf8)),
                (HeaderName("Empty"), []),
            ]),
            lifetime: StoredLifetime(
                age: 1000,
                lifetime: 60_000,
                staleWhileRevalidate: 5000,
                staleIfError: 6000,
                source: 1,
                restrictions: 5
            ),
            body: ByteBuffer(string: "hello")
        )
    }
}

extension PreparedFields {
    var contents: [[UInt8]] {
        self.fields.map { Array(self.bytes.readableBytesView[$0.name.offset..<$0.value.end]) }
    }
}

extension SeededRandom {
    mutating func bytes(upTo count: Int) -> [UInt8] {
        (0..<Int.random(in: 0...count, using: &self)).map { _ in UInt8.random(in: 0x21...0x7E, using: &self) }
    }
}
