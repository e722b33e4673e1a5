import Gateway
import NIOCore

/// Answers with an empty list when the upstream does not answer.
struct Fallback: FailureHook {
    typealias Config = NoSettings
    static let name = "fallback"

    init(_ config: Config, in context: inout BuildContext) {}

    func failure(_ error: GatewayError, _ exchange: Exchange) -> Decision {
        guard [.upstreamUnreachable, .upstreamReset, .upstreamTimeout].contains(error.code) else { return .next }
        let headers = [("Content-Type", "application/json")]
        return .respond(Response(status: 200, headers: headers, body: ByteBuffer(string: "[]")))
    }
}
