import NIOCore
import NIOHPACK
import Testing

@testable import GatewayCore

@Suite struct GRPCPollResponseTests {
    private static let head: HPACKHeaders = [":status": "200", "content-type": "application/grpc"]
    private static let serving: [UInt8] = [0, 0, 0, 0, 2, 8, 1]

    private static func result(
        _ head: HPACKHeaders,
        _ message: [UInt8]?,
        _ trailers: HPACKHeaders?
    ) -> GRPCPollResponse.OnInput {
        var response = GRPCPollResponse()
        var result = response.received(head, endsStream: message == nil && trailers == nil)
        if let message, result == .needMore {
            for byte in message { result = response.received(ByteBuffer(bytes: [byte]), endsStream: false) }
        }
        if let trailers, result == .needMore { result = response.received(trailers, endsStream: true) }
        return result
    }

    @Test func `a service must be serving`() {
        #expect(Self.result(Self.head, Self.serving, ["grpc-status": "0"]) == .succeeded)
        #expect(Self.result(Self.head, Self.serving, nil) == .needMore)
        let stopped = Self.result(Self.head, [0, 0, 0, 0, 2, 8, 2], ["grpc-status": "0"])
        #expect(stopped == .failed(.grpc(detail: "NOT_SERVING")))
    }

    @Test(
        arguments: [
            (Self.head, Self.serving, ["grpc-status": "5"], .grpc(detail: "grpc-status 5")),
            (Self.head, nil, ["grpc-status": "0"], .grpc(detail: "the response is malformed")),
            (Self.head, Self.serving, [:], .grpc(detail: "no grpc-status")),
            (Self.head, Self.serving, ["grpc-status": "x"], .grpc(detail: "grpc-status is malformed")),
            ([":status": "200", "grpc-status": "12"], nil, nil, .grpc(detail: "grpc-status 12")),
            ([":status": "503"], nil, nil, .status(503)), ([:], nil, nil, .error),
            (Self.head, Array(repeating: 0, count: 5000), [:], .grpc(detail: "the response is too long")),
        ] as [(HPACKHeaders, [UInt8]?, HPACKHeaders?, PollFailure)]
    ) func `anything else is a failure`(
        head: HPACKHeaders,
        message: [UInt8]?,
        trailers: HPACKHeaders?,
        failure: PollFailure
    ) {
        #expect(Self.result(head, message, trailers) == .failed(failure))
    }

    @Test func `informational responses are skipped`() {
        var response = GRPCPollResponse()
        #expect(response.received([":status": "103"], endsStream: false) == .needMore)
        #expect(response.received(Self.head, endsStream: false) == .needMore)
        #expect(response.received(ByteBuffer(bytes: Self.serving), endsStream: false) == .needMore)
        #expect(response.received(["grpc-status": "0"], endsStream: true) == .succeeded)
    }
}
