import GatewayCore
import GatewayHTTP
import NIOCore

/// A 2xx response of the service: who calls, and the fields that others receive.
final class ForwardGrant: Sendable {
    let caller: Caller
    let upstreamFields: PreparedFields
    /// The fields for the client, except `Set-Cookie`.
    let clientFields: PreparedFields
    let cookies: PreparedFields

    init(_ answer: ForwardAnswer.Grant, caller: Caller) {
        self.caller = caller
        self.upstreamFields = answer.upstreamFields
        self.clientFields = answer.clientFields
        self.cookies = answer.cookies
    }

    /// The number of bytes that it takes, approximately.
    var size: Int {
        let fields = self.upstreamFields.bytes.readableBytes + self.clientFields.bytes.readableBytes
        return 512 + fields + self.cookies.bytes.readableBytes + self.caller.name.utf8.count
    }
}
