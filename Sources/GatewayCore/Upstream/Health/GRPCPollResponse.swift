import GatewayHTTP
import NIOCore

/// Reads the response to a poll with gRPC and judges it: the service must be serving.
struct GRPCPollResponse: Sendable {
    private var hasHead = false
    private var message = ByteBuffer()

    typealias OnInput = PollResponse.OnInput

    mutating func received(_ head: borrowing ResponseHead, endsStream: Bool) -> OnInput {
        if head.isInformational { return .needMore }
        guard head.status == 200 else { return .failed(.status(head.status)) }
        self.hasHead = true
        return endsStream ? self.judge(Self.status(in: head.headers)) : .needMore
    }

    mutating func received(_ data: ByteBuffer, endsStream: Bool) -> OnInput {
        guard self.hasHead else { return .failed(.error) }
        guard self.message.readableBytes + data.readableBytes <= GRPCHealthMessage.longest else {
            return .failed(.grpc(detail: "the response is too long"))
        }
        self.message.writeImmutableBuffer(data)
        return endsStream ? self.judge(nil) : .needMore
    }

    /// Handles the trailers, which end the response.
    func ended(_ trailers: TrailerSection?) -> OnInput { self.judge(trailers.flatMap { Self.status(in: $0.fields) }) }

    private static func status(in fields: borrowing HeaderBlock) -> String? {
        fields.first(GRPCStatus.field).map { fields.string($0) }
    }

    private func judge(_ status: String?) -> OnInput {
        guard let status else { return .failed(.grpc(detail: "no grpc-status")) }
        guard status == "0" else {
            let isNumber = !status.isEmpty && status.utf8.count < 4 && Int(status) != nil
            return .failed(.grpc(detail: isNumber ? "grpc-status \(status)" : "grpc-status is malformed"))
        }
        switch GRPCHealthMessage.status(self.message) {
        case .serving: return .succeeded
        case .unknown, .notServing, .serviceUnknown:
            return .failed(.grpc(detail: GRPCHealthMessage.status(self.message)?.name ?? ""))
        case nil: return .failed(.grpc(detail: "the response is malformed"))
        }
    }
}
