import GatewayWebSocket
import Testing

@Suite struct UTF8ValidatorTests {
    @Test func `it agrees with the standard library on all first bytes and the limits of the others`() {
        let limits: [UInt8] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xF4, 0xFF]
        for first in UInt8.min ... .max {
            for second in limits {
                Self.compare([first, second])
                if first >= 0xC0, second >= 0x80 { Self.compare([first, second, 0x80, 0xBF]) }
            }
        }
        for first: UInt8 in [0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5] {
            for second in limits {
                for third: UInt8 in [0x7F, 0x80, 0xBF, 0xC0] { Self.compare([first, second, third]) }
            }
        }
    }

    @Test func `a mask of any phase is removed, also where the text is plain ASCII`() {
        let text = Array("Grüße, €100 für 🦊 und viel, viel einfacher ASCII-Text.".utf8)
        let key: [UInt8] = [0x81, 0xFF, 0x02, 0xC3]
        let masked = text.enumerated().map { $1 ^ key[$0 % 4] }
        for cut in 0...masked.count {
            var validator = UTF8Validator()
            let parts = [Array(masked[..<cut]), Array(masked[cut...])]
            var phase = 0
            for part in parts {
                let rotated = (0..<4).reduce(UInt32(0)) { $0 | UInt32(key[($1 + phase) % 4]) << (8 * UInt32($1)) }
                #expect(part.withUnsafeBytes { validator.read($0, mask: WebSocketMask(rotated)) })
                phase += part.count
            }
            #expect(validator.isComplete)
        }
    }

    private static func compare(_ bytes: [UInt8]) {
        var validator = UTF8Validator()
        let isValid = bytes.withUnsafeBytes { validator.read($0, mask: WebSocketMask(0)) } && validator.isComplete
        let expected = String(validating: bytes, as: UTF8.self) != nil
        if isValid != expected { Issue.record("\(bytes)") }
    }
}
