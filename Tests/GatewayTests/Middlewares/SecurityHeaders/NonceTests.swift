import NIOCore
import Testing

@testable import Gateway
@testable import GatewayHTTP
@testable import GatewayMiddlewares

struct NonceTests {
    private static func text(_ nonce: Nonce) -> String {
        String(decoding: nonce.bytes, as: UTF8.self)
    }

    @Test func `a nonce has 24 characters of base64 and never repeats`() throws {
        var seen: Set<String> = []
        for _ in 0..<1_000 {
            let text = Self.text(.random())
            #expect(text.wholeMatch(of: /[A-Za-z0-9+\/]{24}/) != nil)
            seen.insert(text)
        }
        #expect(seen.count == 1_000)
    }

    @Test func `all characters occur in all positions`() {
        var seen = [Set<Character>](repeating: [], count: Nonce.length)
        var random = SeededRandom(seed: 5)
        for _ in 0..<3_000 {
            for (place, character) in Self.text(Nonce(using: &random)).enumerated() { seen[place].insert(character) }
        }
        #expect(seen.allSatisfy { $0.count == 64 })
    }

    @Test(arguments: [("", 0), ("a", 0), ("{nonce}", 1), ("a 'nonce-{nonce}'; b '{nonce}' c", 2)])
    func `every {nonce} in a template is filled in`(text: String, count: Int) {
        let template = NonceTemplate(text)
        let nonce = Nonce.random()
        var buffer = ByteBuffer()
        buffer.writeHead(room: 64) { template.write(nonce, into: &$0) }
        #expect(template.usesNonce == (count > 0))
        #expect(String(buffer: buffer) == text.replacing("{nonce}", with: Self.text(nonce)))
    }
}
