import NIOCore
import Testing

@testable import GatewayCore

@Suite struct GRPCHealthMessageTests {
    @Test func `a request names the service`() {
        #expect(Array(buffer: GRPCHealthMessage.request(for: "")) == [0, 0, 0, 0, 0])
        #expect(Array(buffer: GRPCHealthMessage.request(for: "a.B")) == [0, 0, 0, 0, 5, 0x0A, 3] + Array("a.B".utf8))
        let long = GRPCHealthMessage.request(for: String(repeating: "s", count: 300))
        #expect(Array(buffer: long).prefix(8) == [0, 0, 0, 1, 0x2F, 0x0A, 0xAC, 0x02])
    }

    @Test(
        arguments: [
            ([0, 0, 0, 0, 2, 8, 1], .serving), ([0, 0, 0, 0, 2, 8, 2], .notServing), ([0, 0, 0, 0, 0], .unknown),
            ([0, 0, 0, 0, 2, 8, 3], .serviceUnknown), ([0, 0, 0, 0, 2, 8, 9], nil),
            // Fields of later versions.
            ([0, 0, 0, 0, 6, 0x12, 2, 7, 7, 8, 1], .serving), ([0, 0, 0, 0, 7, 0x1D, 1, 2, 3, 4, 8, 1], .serving),
            // Compressed, cut off, too long, and of an unknown encoding.
            ([1, 0, 0, 0, 2, 8, 1], nil), ([0, 0, 0, 0, 2, 8], nil), ([0, 0, 0, 0, 1, 8], nil), ([0, 0, 0], nil),
            ([], nil),
            ([0, 0, 0, 0, 3, 8, 1, 0], nil), ([0, 0, 0, 0, 2, 0x12, 9], nil), ([0, 0, 0, 0, 1, 0x0B], nil),
            ([0, 0, 0, 0, 11, 8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255], nil),
        ] as [([UInt8], GRPCHealthMessage.ServingStatus?)]
    ) func `a response has a status`(bytes: [UInt8], status: GRPCHealthMessage.ServingStatus?) {
        #expect(GRPCHealthMessage.status(ByteBuffer(bytes: bytes)) == status)
    }
}
