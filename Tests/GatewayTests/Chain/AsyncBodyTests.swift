import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

struct AsyncBodyTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: @Sendable () -> AsyncBody
        var chunks = ["ab", "cd"]
    }

    private static func counting() -> @Sendable () async throws -> ByteBuffer? {
        let left = NIOLockedValueBox(["ab", "cd"])
        return { left.withLockedValue { $0.isEmpty ? nil : ByteBuffer(string: $0.removeFirst()) } }
    }

    static let examples = [
        Example(testDescription: "empty", body: { AsyncBody() }, chunks: []),
        Example(testDescription: "bytes", body: { .bytes(ByteBuffer(string: "abcd")) }, chunks: ["abcd"]),
        Example(testDescription: "text", body: { AsyncBody("abcd") }, chunks: ["abcd"]),
        Example(testDescription: "read", body: { AsyncBody(next: Self.counting()) }),
        Example(testDescription: "sequence", body: { AsyncBody(AsyncBody(next: Self.counting())) }),
        Example(
            testDescription: "written",
            body: {
                .stream { writer in
                    for text in ["ab", "cd"] { try await writer.write(ByteBuffer(string: text)) }
                }
            }
        ),
    ]

    @Test(arguments: examples)
    func `is iterated chunk by chunk`(_ example: Example) async throws {
        var chunks: [String] = []
        for try await chunk in example.body() { chunks.append(String(buffer: chunk)) }
        #expect(chunks == example.chunks)
    }

    @Test(arguments: examples)
    func `is written chunk by chunk`(_ example: Example) async throws {
        let chunks = NIOLockedValueBox<[String]>([])
        try await example.body().write(
            to: AsyncBodyWriter { chunk in chunks.withLockedValue { $0.append(String(buffer: chunk)) } }
        )
        #expect(chunks.withLockedValue { $0 } == example.chunks)
    }

    @Test(arguments: examples)
    func `is collected up to a limit`(_ example: Example) async throws {
        let whole = example.chunks.joined()
        #expect(String(buffer: try await example.body().collect(upTo: 4)) == whole)
        guard !whole.isEmpty else { return }
        await #expect(throws: BodyTooLarge.self) { try await example.body().collect(upTo: 3) }
    }

    @Test func `an error of the writer reaches the reader`() async throws {
        struct Fault: Error {}
        let body = AsyncBody.stream { writer in
            try await writer.write(ByteBuffer(string: "ab"))
            throw Fault()
        }
        await #expect(throws: Fault.self) { try await body.collect(upTo: 10) }
    }
}
