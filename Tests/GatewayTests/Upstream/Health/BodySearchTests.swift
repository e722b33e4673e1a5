import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct BodySearchTests {
    private static func finds(_ text: String, in pieces: [String], within limit: Int = 1_000) -> Bool {
        var search = BodySearch(for: text, within: limit)
        for piece in pieces { search.add(ByteBuffer(string: piece)) }
        return search.isFound
    }

    @Test(
        arguments: [
            ("", [], true),
            ("ok", [], false),
            ("ok", ["ok"], true),
            ("ok", ["status: ok\n"], true),
            ("ok", ["o", "k"], true),
            ("ok", ["o", "", "k"], true),
            ("ok", ["o", "x", "k"], false),
            ("\"status\":\"up\"", ["{\"sta", "tus\"", ":\"u", "p\"}"], true),
            ("aab", ["aa", "ab"], true),
            ("aab", ["a", "a", "a", "b"], true),
            ("ok", ["OK"], false),
            ("größe", ["gr\u{F6}", "\u{DF}e"], true),
        ] as [(String, [String], Bool)]
    )
    func `the text is found across pieces`(text: String, pieces: [String], isFound: Bool) {
        #expect(Self.finds(text, in: pieces) == isFound)
    }

    @Test(arguments: [(8, true), (7, false), (6, false)])
    func `only the beginning is searched`(limit: Int, isFound: Bool) {
        #expect(Self.finds("ok", in: ["abc", "defok"], within: limit) == isFound)
        #expect(Self.finds("ok", in: ["abcdefok"], within: limit) == isFound)
        #expect(Self.finds("ok", in: ["abcdefo", "k"], within: limit) == isFound)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `any division of the body gives the same result`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        func word(_ count: Int) -> String { String((0..<count).map { _ in Bool.random(using: &random) ? "a" : "b" }) }
        for _ in 0..<100 {
            let (body, text) = (word(40), word(Int.random(in: 1...6, using: &random)))
            var pieces: [String] = []
            var rest = body[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...5, using: &random)
                pieces.append(String(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(Self.finds(text, in: pieces) == body.contains(text))
        }
    }
}
