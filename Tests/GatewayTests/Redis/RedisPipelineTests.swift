import NIOCore
import Testing

@testable import GatewayRedis

struct RedisPipelineTests {
    private static func time(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(0) + .milliseconds(milliseconds)
    }

    /// A pipeline that expectations may change.
    private final class Box {
        var pipeline: RedisPipeline<Int>

        init(_ limits: RedisPipeline<Int>.Limits = .init()) { self.pipeline = RedisPipeline(limits: limits) }

        func append(_ call: Int, bytes: Int, deadline: NIODeadline) -> Bool {
            self.pipeline.append(call, bytes: bytes, deadline: deadline)
        }

        func reply() -> RedisPipeline<Int>.OnReply { self.pipeline.reply() }
        func expire(at now: NIODeadline) -> RedisPipeline<Int>.OnTime { self.pipeline.expire(at: now) }
        func removeAll() -> [Int] { self.pipeline.removeAll() }
    }

    private static func delivered(_ outcome: RedisPipeline<Int>.OnReply) -> Int? {
        if case .deliver(let call) = outcome { call } else { nil }
    }

    private static func isIgnored(_ outcome: RedisPipeline<Int>.OnReply) -> Bool {
        if case .ignore = outcome { true } else { false }
    }

    @Test func `replies belong to commands in their order`() {
        let pipeline = Box()
        for call in 1...3 { #expect(pipeline.append(call, bytes: 1, deadline: Self.time(50))) }
        #expect((1...3).map { _ in Self.delivered(pipeline.reply()) } == [1, 2, 3])
        if case .unexpected = pipeline.reply() {} else { Issue.record("a reply to nothing") }
    }

    @Test func `a late reply is thrown away, and those after it are not shifted`() {
        let pipeline = Box()
        #expect(pipeline.append(1, bytes: 1, deadline: Self.time(50)))
        #expect(pipeline.append(2, bytes: 1, deadline: Self.time(90)))
        let outcome = pipeline.expire(at: Self.time(50))
        #expect(outcome.calls == [1])
        #expect(!outcome.isDown)
        #expect(outcome.next == Self.time(90))
        #expect(Self.isIgnored(pipeline.reply()))
        #expect(Self.delivered(pipeline.reply()) == 2)
    }

    @Test func `three commands in a row without a reply in time are the end`() {
        let pipeline = Box()
        for call in 1...2 { #expect(pipeline.append(call, bytes: 1, deadline: Self.time(50))) }
        #expect(!pipeline.expire(at: Self.time(50)).isDown)
        // Late replies do not show that the server is fast enough.
        #expect(Self.isIgnored(pipeline.reply()))
        #expect(Self.isIgnored(pipeline.reply()))
        #expect(pipeline.append(3, bytes: 1, deadline: Self.time(100)))
        let outcome = pipeline.expire(at: Self.time(100))
        #expect(outcome.isDown)
        #expect(outcome.calls == [3])
        #expect(outcome.next == nil)
    }

    @Test func `a reply in time starts the count over`() {
        let pipeline = Box()
        for call in 1...2 { #expect(pipeline.append(call, bytes: 1, deadline: Self.time(50))) }
        #expect(pipeline.append(3, bytes: 1, deadline: Self.time(100)))
        _ = pipeline.expire(at: Self.time(50))
        for _ in 1...3 { _ = pipeline.reply() }
        #expect(pipeline.append(4, bytes: 1, deadline: Self.time(110)))
        #expect(!pipeline.expire(at: Self.time(110)).isDown)
    }

    @Test func `what waits is limited by number and by bytes, but one command always fits`() {
        let pipeline = Box(.init(commands: 2, bytes: 10))
        #expect(pipeline.append(1, bytes: 11, deadline: Self.time(1)))
        #expect(!pipeline.append(2, bytes: 1, deadline: Self.time(1)))
        _ = pipeline.reply()
        #expect(pipeline.append(3, bytes: 5, deadline: Self.time(1)))
        #expect(pipeline.append(4, bytes: 5, deadline: Self.time(1)))
        #expect(!pipeline.append(5, bytes: 0, deadline: Self.time(1)))
        _ = pipeline.expire(at: Self.time(1))
        #expect(!pipeline.append(6, bytes: 0, deadline: Self.time(1)))
        #expect(pipeline.removeAll().isEmpty)
        #expect(pipeline.append(7, bytes: 5, deadline: Self.time(1)))
        #expect(pipeline.removeAll() == [7])
    }
}
