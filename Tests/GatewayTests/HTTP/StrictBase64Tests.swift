import Foundation
import Testing

@testable import GatewayHTTP

@Suite struct StrictBase64Tests {
    private func decode(_ text: String) -> [UInt8]? { Array(text.utf8).withUnsafeBytes { StrictBase64.decode($0) } }

    @Test
    func `decodes what encoders write`() {
        for count in 0..<64 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count &* 11) }
            #expect(self.decode(Data(bytes).base64EncodedString()) == bytes)
        }
    }

    @Test(arguments: [
        "A", "AA", "AAA", "A===", "AA=A", "=AAA", "AB==", "AAB=", "AA==AA==", "AA-_", "AA\n=", "AAAA AAAA", "ÄAA",
    ])
    func `rejects every other form`(_ text: String) {
        #expect(self.decode(text) == nil)
    }
}
