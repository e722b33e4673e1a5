import GatewayHTTP
import GatewayHTTP1
import NIOCore

@testable import Gateway
@testable import GatewayCore

/// Requests one path from a cluster, without an exchange, and collects the response.
final class TestCall: UpstreamCaller {
    struct Response: Sendable {
        var status: Int?
        var fields: [String] = []
        var body = ""
        var error: GatewayError.Code?
        var target: String?
        var attempts = 0
    }

    let call = UpstreamCall()
    private let path: String
    private let promise: EventLoopPromise<Response>
    private var head = ResponseHead()
    private var response = Response()
    private var stream: (any UpstreamStream)?

    private init(_ path: String, _ promise: EventLoopPromise<Response>) {
        self.path = path
        self.promise = promise
    }

    /// Call it on the cluster's event loop.
    static func get(_ path: String, from cluster: UpstreamCluster) -> EventLoopFuture<Response> {
        let caller = TestCall(path, cluster.worker.eventLoop.makePromise())
        caller.call.begin(for: caller, method: .get, isChunked: false, connectTimeout: .seconds(5))
        cluster.take(caller.call)
        return caller.promise.futureResult
    }

    private func end() {
        self.stream = nil
        self.response.target = self.call.target?.label
        self.response.attempts = self.call.attempts
        self.call.end()
        self.promise.succeed(self.response)
    }

    func balanceHash(by key: HashKey) -> UInt64 { UInt64(self.path.utf8.count) }
    func wait(for phase: Deadlines.Phase, _ amount: TimeAmount) {}
    func countConnectTimeout() {}
    var isWaitingForResponse: Bool { self.response.status == nil }

    func writeHead(for target: UpstreamTarget, into buffer: inout ByteBuffer) {
        buffer.writeString("GET \(self.path) HTTP/1.1\r\nHost: ")
        buffer.writeBytes(target.authority)
        buffer.writeString("\r\n\r\n")
    }

    func sent(to stream: any UpstreamStream) {
        self.stream = stream
        stream.writeEnd(trailers: nil)
        stream.flush()
    }

    func upstreamWritable() {}
    func willSendAgain() { self.stream = nil }

    func fillResponse(
        _ fill: (inout ResponseHead) throws(MessageError) -> UpstreamResponse?
    ) throws(MessageError) -> UpstreamResponse? {
        try fill(&self.head)
    }

    func receiveInformational() { self.response.fields += ["\(self.head.status)"] }

    func receiveResponseHead() {
        self.response.status = self.head.status
        self.response.fields += self.head.headers.lines
    }

    func receive(responseBody chunk: ByteBuffer) { self.response.body += String(buffer: chunk) }
    func receiveResponseEnd(trailers: TrailerSection?) { self.end() }
    func upstreamPaused() {}

    func upstreamFailed(_ error: GatewayError) {
        self.response.error = error.code
        self.end()
    }
}

@available(*, unavailable)
extension TestCall: Sendable {}
