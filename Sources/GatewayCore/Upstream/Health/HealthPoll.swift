import GatewayHTTP1
import NIOCore

/// A poll in progress, on a separate connection that is closed afterwards.
final class HealthPoll {
    let began: NIODeadline
    private let address: SocketAddress
    private let plan: PollPlan
    private let eventLoop: any EventLoop
    private var timer: Scheduled<Void>?
    private var channel: (any Channel)?
    /// Nil before the poll has started and once it has ended.
    private var done: ((Result<Void, PollFailure>) -> Void)?

    init(_ endpoint: UpstreamEndpoint, _ plan: PollPlan, on eventLoop: any EventLoop, at now: NIODeadline) {
        self.began = now
        self.address = plan.address(of: endpoint)
        self.plan = plan
        self.eventLoop = eventLoop
    }

    /// Starts the poll. Call it on the event loop.
    ///
    /// - Parameter done: Called once on the event loop, possibly before this method returns, unless the poll is cancelled.
    func start(_ done: @escaping (Result<Void, PollFailure>) -> Void) {
        self.done = done
        // The time limit covers everything, so that no target can hold a place among the polls.
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: self.plan.timeout) {
            self.end(.failure(.timeout))
        }
        if let call = self.plan.call {
            self.make(call)
        } else if let request = self.plan.request {
            self.send(request)
        } else {
            self.connect()
        }
    }

    /// Makes a gRPC call, over HTTP/2 with prior knowledge or by ALPN.
    private func make(_ call: GRPCHealthCall) {
        let (limits, isSecure) = (self.plan.limits, self.plan.security != nil)
        UpstreamConnection(
            to: self.address,
            self.plan.security,
            on: self.eventLoop,
            timeout: self.plan.timeout,
            proxyHeader: ProxyHeader.local.bytes(self.plan.proxyProtocol)
        ) { channel, negotiated in
            if isSecure, negotiated != "h2" {
                channel.close(promise: nil)
                throw PollFailure.grpc(detail: "the target does not offer HTTP/2")
            }
            let handler = HTTP2PollHandler(call, limits: limits, isSecure: isSecure) { self.end($0) }
            try channel.pipeline.syncOperations.addHandler(handler)
        }
        .open { self.opened($0) }
    }

    private func opened(_ result: Result<any Channel, any Error>) {
        switch result {
        case .success(let channel) where self.done == nil: channel.close(promise: nil)
        case .success(let channel): self.channel = channel
        case .failure(let error):
            self.end(.failure(error as? PollFailure ?? PollFailure(ConnectFailure(error))))
        }
    }

    private func connect() {
        self.plan.connector.probe(
            self.address,
            self.plan.security,
            on: self.eventLoop,
            timeout: self.plan.timeout
        ) { result in
            self.end(result.mapError { PollFailure(ConnectFailure($0)) })
        }
    }

    /// Sends a request in the protocol of other requests to the target.
    private func send(_ request: PollPlan.Request) {
        let (limits, isSecure) = (self.plan.limits, self.plan.security != nil)
        self.plan.connector.open(
            self.address,
            of: self.plan.target,
            self.plan.security,
            on: self.eventLoop,
            timeout: self.plan.timeout
        ) { usesHTTP2 in
            guard usesHTTP2 else { return PollHandler(self, request, limits: limits) }
            return HTTP2PollHandler(request, limits: limits, isSecure: isSecure) { self.end($0) }
        } _: {
            self.opened($0)
        }
    }

    fileprivate func end(_ result: Result<Void, PollFailure>) {
        guard let done = self.done else { return }
        self.cancel()
        done(result)
    }

    /// Ends the poll without a result.
    func cancel() {
        self.done = nil
        self.timer?.cancel()
        self.timer = nil
        self.channel?.close(promise: nil)
        self.channel = nil
    }
}

@available(*, unavailable)
extension HealthPoll: Sendable {}

/// The connection of a poll: sends the request and passes what it receives to `PollResponse`.
private final class PollHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let poll: HealthPoll
    private let request: ByteBuffer
    private var response: PollResponse

    init(_ poll: HealthPoll, _ request: PollPlan.Request, limits: HTTP1Limits) {
        self.poll = poll
        self.request = request.bytes
        self.response = PollResponse(to: request, limits: limits)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { self.send(context) }
    }

    func channelActive(context: ChannelHandlerContext) { self.send(context) }

    private func send(_ context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(self.request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.judge(self.response.received(self.unwrapInboundIn(data)), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.poll.end(.failure(PollFailure(ConnectFailure(error))))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { self.judge(self.response.ended(), context) }

    private func judge(_ result: PollResponse.OnInput, _ context: ChannelHandlerContext) {
        switch result {
        case .needMore: return
        case .succeeded: self.poll.end(.success(()))
        case .failed(let failure): self.poll.end(.failure(failure))
        }
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension PollHandler: Sendable {}
