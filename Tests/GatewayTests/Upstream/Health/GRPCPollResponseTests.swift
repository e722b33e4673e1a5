import GatewayHTTP
import NIOCore
import Testing

@testable import GatewayCore

@Suite struct GRPCPollResponseTests {
    private static let serving: [UInt8] = [0, 0, 0, 0, 2, 8, 1]

    private static func fields(_ lines: [String: String]) -> HeaderBlock {
        var block = HeaderBlock()
        for (name, value) in lines { block.add(HeaderName(name), Array(value.utf8)) }
        return block
    }

    private static func head(_ status: Int, _ lines: [String: String] = [:]) -> ResponseHead {
        var head = ResponseHead()
        head.status = status
        head.headers = self.fields(lines)
        return head
    }

    private static func result(
        status: Int = 200,
        head lines: [String: String] = [:],
        _ message: [UInt8]?,
        _ trailers: [String: String]?
    ) -> GRPCPollResponse.OnInput {
        var response = GRPCPollResponse()
        var result = response.received(self.head(status, lines), endsStream: message == nil && trailers == nil)
        if let message, result == .needMore {
            for byte in message { result = response.received(ByteBuffer(bytes: [byte]), endsStream: false) }
        }
        if let trailers, result == .needMore {
            result = response.ended(TrailerSection(received: self.fields(trailers)))
        }
        return result
    }

    @Test func `a service must be serving`() {
        #expect(Self.result(Self.serving, ["grpc-status": "0"]) == .succeeded)
        #expect(Self.result(Self.serving, nil) == .needMore)
        let stopped = Self.result([0, 0, 0, 0, 2, 8, 2], ["grpc-status": "0"])
        #expect(stopped == .failed(.grpc(detail: "NOT_SERVING")))
    }

    @Test(
        arguments: [
            (200, [:], Self.serving, ["grpc-status": "5"], .grpc(detail: "grpc-status 5")),
            (200, [:], nil, ["grpc-status": "0"], .grpc(detail: "the response is malformed")),
            (200, [:], Self.serving, [:], .grpc(detail: "no grpc-status")),
            (200, [:], Self.serving, ["grpc-status": "x"], .grpc(detail: "grpc-status is malformed")),
            (200, ["grpc-status": "12"], nil, nil, .grpc(detail: "grpc-status 12")),
            (503, [:], nil, nil, .status(503)),
            (200, [:], Array(repeating: 0, count: 5000), [:], .grpc(detail: "the response is too long")),
        ] as [(Int, [String: String], [UInt8]?, [String: String]?, PollFailure)]
    ) func `anything else is a failure`(
        status: Int,
        head: [String: String],
        message: [UInt8]?,
        trailers: [String: String]?,
        failure: PollFailure
    ) {
        #expect(Self.result(status: status, head: head, message, trailers) == .failed(failure))
    }

    @Test func `informational responses are skipped`() {
        var response = GRPCPollResponse()
        #expect(response.received(Self.head(103), endsStream: false) == .needMore)
        #expect(response.received(Self.head(200), endsStream: false) == .needMore)
        #expect(response.received(ByteBuffer(bytes: Self.serving), endsStream: false) == .needMore)
        let trailers = TrailerSection(received: Self.fields(["grpc-status": "0"]))
        #expect(response.ended(trailers) == .succeeded)
    }
}
