import GatewayWebSocket
import NIOCore
import Testing

@Suite struct WebSocketStreamTests {
    // MARK: The examples of RFC 6455 section 5.7

    @Test func `the examples of the standard pass as they are, and count`() {
        let examples: [(bytes: [UInt8], messages: UInt64, isMasked: Bool)] = [
            ([0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], 1, false),
            ([0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58], 1, true),
            ([0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F], 1, false),
            ([0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], 0, false),
            ([0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58], 0, true),
            ([0x82, 0x7E, 0x01, 0x00] + [UInt8](repeating: 7, count: 256), 1, false),
            ([0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 7, count: 65536), 1, false),
        ]
        for example in examples {
            for rules in [nil, WebSocketRules(isMasked: example.isMasked, maxMessage: 1 << 20)] {
                var stream = WebSocketStream(rules: rules)
                let outcome = Self.pass(example.bytes, through: &stream)
                #expect(outcome.passed == example.bytes)
                #expect(outcome.events.isEmpty)
                #expect(stream.messages == example.messages)
                #expect(stream.isBetweenFrames)
            }
        }
    }

    // MARK: Cuts

    @Test func `the outcome does not depend on how the bytes arrive`() {
        var generator = Seeded(state: 0x5EED)
        for _ in 0..<300 {
            let frames = Self.randomFrames(using: &generator)
            let rules = Bool.random(using: &generator) ? WebSocketRules(isMasked: true, maxMessage: 400) : nil
            var whole = WebSocketStream(rules: rules, pingToken: Self.token)
            let expected = Self.pass(frames, through: &whole)
            var cut = WebSocketStream(rules: rules, pingToken: Self.token)
            var outcome = Outcome()
            var rest = frames[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...9, using: &generator))
                rest = rest.dropFirst(piece.count)
                outcome.add(Self.pass(Array(piece), through: &cut))
            }
            #expect(outcome.events == expected.events)
            #expect(cut.messages == whole.messages)
            // A frame that breaks a rule late passes in part if it arrives in pieces.
            if !expected.isViolation { #expect(outcome.passed == expected.passed) }
        }
    }

    @Test func `random bytes never pass what rules forbid, and never trap`() {
        var generator = Seeded(state: 7)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            var strict = WebSocketStream(rules: WebSocketRules(isMasked: true, maxMessage: 50))
            #expect(Self.pass(bytes, through: &strict).passed.count <= bytes.count)
            var lenient = WebSocketStream()
            #expect(Self.pass(bytes, through: &lenient).passed == bytes)
        }
    }

    // MARK: Rules

    @Test(
        arguments: [
            ("reserved opcode", [0x83, 0x80, 0, 0, 0, 0], 1002),
            ("reserved control opcode", [0x8B, 0x80, 0, 0, 0, 0], 1002),
            ("reserved bit", [0xC1, 0x80, 0, 0, 0, 0], 1002),
            ("no mask", [0x81, 0x01, 0x41], 1002),
            ("fragmented ping", [0x09, 0x80, 0, 0, 0, 0], 1002),
            ("long ping", [0x89, 0xFE, 0, 126, 0, 0, 0, 0], 1002),
            ("continuation of nothing", [0x80, 0x80, 0, 0, 0, 0], 1002),
            ("text within a message", [0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0], 1002),
            ("length with its highest bit", [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], 1002),
            ("close with half a code", [0x88, 0x81, 0, 0, 0, 0, 3], 1002),
            ("close 1005", [0x88, 0x82, 0, 0, 0, 0, 3, 0xED], 1002),
            ("close 1006", [0x88, 0x82, 0, 0, 0, 0, 3, 0xEE], 1002),
            ("close 999", [0x88, 0x82, 0, 0, 0, 0, 3, 0xE7], 1002),
            ("close 5000", [0x88, 0x82, 0, 0, 0, 0, 0x13, 0x88], 1002),
            ("close with a reason that is no text", [0x88, 0x83, 0, 0, 0, 0, 3, 0xE8, 0xFF], 1007),
            ("text that is no UTF-8", [0x81, 0x82, 0, 0, 0, 0, 0xC0, 0x80], 1007),
            ("text that ends within a character", [0x81, 0x81, 0, 0, 0, 0, 0xC3], 1007),
            ("large message", [0x82, 0xFE, 1, 0, 0, 0, 0, 0], 1009),
        ] as [(String, [UInt8], UInt16)]
    )
    func `a frame that breaks a rule does not pass`(name: String, bytes: [UInt8], code: UInt16) {
        var stream = WebSocketStream(rules: WebSocketRules(isMasked: true, maxMessage: 200))
        let outcome = Self.pass(bytes + Self.text("more"), through: &stream)
        #expect(outcome.events == [.violation(code)], "\(name)")
        #expect(outcome.passed == (name == "text within a message" ? Array(bytes.prefix(6)) : []))
        #expect(stream.isBetweenFrames)
    }

    @Test func `text may be cut within a character by frames and control frames`() {
        let frames: [UInt8] =
            [0x01, 0x81, 0, 0, 0, 0, 0xE2] + [0x89, 0x80, 0, 0, 0, 0] + [0x00, 0x81, 0, 0, 0, 0, 0x82]
            + [0x80, 0x81, 0, 0, 0, 0, 0xAC]
        var stream = WebSocketStream(rules: WebSocketRules(isMasked: true, maxMessage: 3))
        #expect(Self.pass(frames, through: &stream).passed == frames)
        #expect(stream.messages == 1)
    }

    @Test func `a frame that has begun to pass stays incomplete`() {
        var stream = WebSocketStream(rules: WebSocketRules(isMasked: true, maxMessage: 200))
        let begin: [UInt8] = [0x81, 0x84, 0, 0, 0, 0, 0x41]
        #expect(Self.pass(begin, through: &stream).passed == begin)
        #expect(!stream.isBetweenFrames)
        let outcome = Self.pass([0xFF, 0x41, 0x41], through: &stream)
        #expect(outcome.events == [.violation(1007)])
        #expect(outcome.passed.isEmpty)
        #expect(!stream.isBetweenFrames)
    }

    @Test func `the parts of a message count together`() {
        var stream = WebSocketStream(rules: WebSocketRules(isMasked: true, maxMessage: 5))
        let first: [UInt8] = [0x02, 0x83, 0, 0, 0, 0, 1, 2, 3]
        let outcome = Self.pass(first + [0x80, 0x83, 0, 0, 0, 0, 4, 5, 6], through: &stream)
        #expect(outcome.passed == first)
        #expect(outcome.events == [.violation(1009)])
    }

    @Test func `extensions explain reserved bits`() {
        var extensions = WebSocketExtensions()
        extensions.compresses = true
        let compressed: [UInt8] = [0xC1, 0x82, 0, 0, 0, 0, 0xFF, 0xFF]
        var stream = WebSocketStream(rules: WebSocketRules(isMasked: true, maxMessage: 9, extensions: extensions))
        #expect(Self.pass(compressed, through: &stream).passed == compressed)
        #expect(Self.pass([0xC9, 0x80, 0, 0, 0, 0], through: &stream).events == [.violation(1002)])
        extensions.areUnknown = true
        stream = WebSocketStream(rules: WebSocketRules(isMasked: true, maxMessage: 9, extensions: extensions))
        #expect(Self.pass([0xF9, 0x80, 0, 0, 0, 0], through: &stream).passed.count == 6)
    }

    // MARK: Control frames

    @Test func `pongs to the gateway's pings end here, others pass`() {
        var stream = WebSocketStream(rules: WebSocketRules(isMasked: true, maxMessage: 9), pingToken: Self.token)
        let ours: [UInt8] = [0x8A, 0x88, 0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1]
        let other: [UInt8] = [0x8A, 0x81, 0, 0, 0, 0, 8]
        let frames = Self.text("a") + ours + other + ours + Self.text("b")
        #expect(Self.pass(frames, through: &stream).passed == Self.text("a") + other + Self.text("b"))
        var outcome = Outcome()
        for byte in frames { outcome.add(Self.pass([byte], through: &stream)) }
        #expect(outcome.passed == Self.text("a") + other + Self.text("b"))
    }

    @Test func `a close frame passes, and nothing follows it`() {
        let close: [UInt8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE9]
        var stream = WebSocketStream(rules: WebSocketRules(isMasked: true, maxMessage: 9))
        let outcome = Self.pass(Self.text("a") + close + Self.text("b"), through: &stream)
        #expect(outcome.passed == Self.text("a") + close)
        #expect(outcome.events == [.close(1001)])
        var empty = WebSocketStream()
        #expect(Self.pass([0x88, 0x00], through: &empty).events == [.close(1005)])
    }

    @Test func `each end of a frame is reported on request`() {
        for rules in [nil, WebSocketRules(isMasked: true, maxMessage: 9)] {
            var stream = WebSocketStream(rules: rules)
            stream.stopsAtBoundary = true
            var chunk = ByteBuffer(bytes: Self.text("a") + Self.text("b"))
            #expect(stream.next(&chunk) == .forward(ByteBuffer(bytes: Self.text("a"))))
            #expect(stream.next(&chunk) == .boundary)
            stream.stopsAtBoundary = false
            #expect(stream.next(&chunk) == .forward(ByteBuffer(bytes: Self.text("b"))))
            #expect(stream.next(&chunk) == nil)
        }
    }

    @Test func `the gateway's frames are as the standard writes them`() {
        var buffer = ByteBuffer()
        WebSocketControlFrame.close(1001).write(mask: nil, into: &buffer)
        WebSocketControlFrame.ping(Self.token).write(mask: nil, into: &buffer)
        #expect(Array(buffer.readableBytesView) == [0x88, 2, 3, 0xE9, 0x89, 8, 8, 7, 6, 5, 4, 3, 2, 1])
        buffer.clear()
        WebSocketControlFrame.close(1001).write(mask: 0x0403_0201, into: &buffer)
        #expect(Array(buffer.readableBytesView) == [0x88, 0x82, 1, 2, 3, 4, 3 ^ 1, 0xE9 ^ 2])
    }

    // MARK: Fixtures

    private static let token: UInt64 = 0x0102_0304_0506_0708

    struct Outcome {
        var passed: [UInt8] = []
        var events: [WebSocketStream.Event] = []

        var isViolation: Bool { if case .violation? = self.events.last { true } else { false } }

        mutating func add(_ other: Outcome) {
            self.passed += other.passed
            self.events += other.events
        }
    }

    private static func pass(_ bytes: [UInt8], through stream: inout WebSocketStream) -> Outcome {
        var outcome = Outcome()
        var chunk = ByteBuffer(bytes: bytes)
        while let event = stream.next(&chunk) {
            if case .forward(let bytes) = event {
                outcome.passed += bytes.readableBytesView
            } else {
                outcome.events.append(event)
            }
        }
        return outcome
    }

    /// A masked text frame with the mask 0.
    private static func text(_ text: String) -> [UInt8] {
        [0x81, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0] + Array(text.utf8)
    }

    /// Frames that are mostly valid.
    private static func randomFrames(using generator: inout Seeded) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            let opcode = [1, 2, 9, 10, 8].randomElement(using: &generator) ?? 1
            let isOdd = Int.random(in: 0..<20, using: &generator) == 0
            let length =
                opcode >= 8
                ? [0, 8, 20].randomElement(using: &generator) ?? 0
                : [0, 3, 125, 126, 300].randomElement(using: &generator) ?? 0
            let key = (0..<4).map { _ in UInt8.random(in: 0...255, using: &generator) }
            bytes.append(UInt8(opcode) | (isOdd ? 0x40 : 0x80))
            bytes += length > 125 ? [0xFE, UInt8(length >> 8), UInt8(length & 255)] : [0x80 | UInt8(length)]
            bytes += key
            let code: [UInt8] = opcode == 8 ? [3, 0xE8] : []
            let payload = (code + [UInt8](repeating: 0x61, count: length)).prefix(length)
            bytes += payload.enumerated().map { $1 ^ key[$0 % 4] }
        }
        return bytes
    }

    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return self.state ^ self.state >> 29
        }
    }
}
