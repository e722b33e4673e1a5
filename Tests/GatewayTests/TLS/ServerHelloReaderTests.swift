import Testing

@testable import GatewayTLS

struct ServerHelloReaderTests {
    private static let version13 = (type: 43, value: [UInt8]([3, 4]))
    private static let changeCipherSpec: [UInt8] = [20, 3, 3, 0, 1, 1]
    private static let retry: [UInt8] = [
        0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
        0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
    ]

    private func choice(_ bytes: [UInt8], by size: Int = .max) -> ServerHelloReader.Choice? {
        var reader = ServerHelloReader()
        for start in stride(from: 0, to: bytes.count, by: min(size, bytes.count)) {
            reader.read(bytes[start..<min(start + min(size, bytes.count), bytes.count)])
        }
        return reader.choice
    }

    @Test(arguments: [false, true]) func `TLS 1_3 resumes with a key that both knew before`(isResumed: Bool) {
        let keys: [(type: Int, value: [UInt8])] = isResumed ? [(41, [0, 0])] : []
        let hello = HandshakeBytes.serverHello(cipher: 0x1301, [Self.version13] + keys)
        for size in [1, 1_000] {
            let choice = self.choice(HandshakeBytes.records(hello) + Self.changeCipherSpec, by: size)
            #expect(choice?.version == .tls13)
            #expect(choice?.cipher.name.description == "TLS_AES_128_GCM_SHA256")
            #expect(choice?.isResumed == isResumed)
        }
    }

    @Test func `a retry is not the choice`() {
        let retry = HandshakeBytes.serverHello(random: Self.retry, cipher: 0x1302, [Self.version13])
        let hello = HandshakeBytes.serverHello(cipher: 0x1303, [Self.version13])
        let start = HandshakeBytes.records(retry) + Self.changeCipherSpec
        #expect(self.choice(start) == nil)
        #expect(self.choice(start + HandshakeBytes.records(hello))?.cipher.rawValue == 0x1303)
    }

    @Test func `TLS 1_2 resumes without a certificate`() {
        let hello = HandshakeBytes.serverHello(cipher: 0xC02F, [])
        let certificate = [11] + HandshakeBytes.vector([0, 0, 0], 3)
        let ticket = [4] + HandshakeBytes.vector([0, 0, 0, 0, 0, 0], 3)
        #expect(self.choice(HandshakeBytes.records(hello)) == nil)
        #expect(self.choice(HandshakeBytes.records(hello + certificate))?.isResumed == false)
        #expect(self.choice(HandshakeBytes.records(hello) + HandshakeBytes.records(ticket))?.isResumed == true)
        let resumed = self.choice(HandshakeBytes.records(hello) + Self.changeCipherSpec)
        #expect(resumed == ServerHelloReader.Choice(version: .tls12, cipher: .init(rawValue: 0xC02F), isResumed: true))
    }

    @Test func `an alert is no choice`() {
        var reader = ServerHelloReader()
        reader.read([21, 3, 3, 0, 2, 2, 40] as [UInt8])
        #expect(reader.isDone)
        #expect(reader.choice == nil)
    }
}
