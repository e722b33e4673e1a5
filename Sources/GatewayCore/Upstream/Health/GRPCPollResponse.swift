import GatewayHTTP
import NIOCore
import NIOHPACK

/// Reads the response to a poll with gRPC and judges it: the service must be serving.
struct GRPCPollResponse: Sendable {
    private var hasHead = false
    private var message = ByteBuffer()

    typealias OnInput = PollResponse.OnInput

    /// Handles a head or trailers.
    mutating func received(_ fields: HPACKHeaders, endsStream: Bool) -> OnInput {
        if !self.hasHead {
            guard let status = fields.first(name: ":status").flatMap({ Int($0) }) else { return .failed(.error) }
            if status < 200, !endsStream { return .needMore }
            guard status == 200 else { return .failed(.status(status)) }
            self.hasHead = true
        }
        return endsStream ? self.judge(fields.first(name: "\(GRPCStatus.field)")) : .needMore
    }

    mutating func received(_ data: ByteBuffer, endsStream: Bool) -> OnInput {
        guard self.hasHead else { return .failed(.error) }
        guard self.message.readableBytes + data.readableBytes <= GRPCHealthMessage.longest else {
            return .failed(.grpc(detail: "the response is too long"))
        }
        self.message.writeImmutableBuffer(data)
        return endsStream ? self.judge(nil) : .needMore
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
