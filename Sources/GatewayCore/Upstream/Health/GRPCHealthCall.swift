import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import NIOCore

/// A call of `grpc.health.v1.Health/Check`.
struct GRPCHealthCall: Sendable {
    /// The head in the form of HTTP/1.
    let head: ByteBuffer
    let message: ByteBuffer

    init(_ health: HealthCheckConfiguration, authority: [UInt8]) {
        var head = ByteBuffer()
        head.writeString("POST /grpc.health.v1.Health/Check HTTP/1.1\r\nHost: ")
        head.writeBytes(health.host.isEmpty ? authority : Array(health.host.utf8))
        head.writeString("\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nContent-Type: application/grpc\r\n")
        if !health.headers.keys.contains(where: { $0.lowercased() == "user-agent" }) {
            head.writeString("User-Agent: gateway/\(GatewayVersion.current) (health check)\r\n")
        }
        for (name, value) in health.headers.sorted(by: { $0.key.lowercased() < $1.key.lowercased() }) {
            head.writeString("\(name): \(value)\r\n")
        }
        head.writeLineEnd()
        self.head = head
        self.message = GRPCHealthMessage.request(for: health.service)
    }
}
