import GatewayHTTP1
import NIOCore

/// A poll in progress, on a separate connection that is closed afterwards.
final class HealthPoll {
    let began: NIODeadline
    private let plan: PollPlan
    private let eventLoop: any EventLoop
    private var timer: Scheduled<Void>?
    private var channel: (any Channel)?
    /// Nil once the poll has ended.
    private var done: ((Result<Void, PollFailure>) -> Void)?

    /// Starts a poll. Call it on the event loop.
    ///
    /// - Parameter done: Called once on the event loop, unless the poll is cancelled.
    init(
        _ endpoint: UpstreamEndpoint,
        _ plan: PollPlan,
        on eventLoop: any EventLoop,
        at now: NIODeadline,
        _ done: @escaping (Result<Void, PollFailure>) -> Void
    ) {
        self.began = now
        self.plan = plan
        self.eventLoop = eventLoop
        self.done = done
        // The time limit covers everything, so that no target can hold a place among the polls.
        self.timer = eventLoop.assumeIsolated().scheduleTask(in: plan.timeout) { self.end(.failure(.timeout)) }
        let address = plan.address(of: endpoint)
        if let request = plan.request { self.send(request, to: address) } else { self.connect(to: address) }
    }

    private func connect(to address: SocketAddress) {
        self.plan.connector.probe(address, on: self.eventLoop, timeout: self.plan.timeout) { result in
            self.end(result.mapError { PollFailure(ConnectFailure($0)) })
        }
    }

    private func send(_ request: PollPlan.Request, to address: SocketAddress) {
        let poll = NIOLoopBound(self, eventLoop: self.eventLoop)
        let limits = self.plan.limits
        self.plan.connector.open(address, on: self.eventLoop, timeout: self.plan.timeout) {
            PollHandler(poll.value, request, limits: limits)
        }
        .assumeIsolated()
        .whenComplete { result in
            switch result {
            case .success(let channel) where self.done == nil: channel.close(promise: nil)
            case .success(let channel): self.channel = channel
            case .failure(let error): self.end(.failure(PollFailure(ConnectFailure(error))))
            }
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

    func channelActive(context: ChannelHandlerContext) {
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
