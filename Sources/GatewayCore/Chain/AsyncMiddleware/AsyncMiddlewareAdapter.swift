import GatewayHTTP1
import HTTPTypes
import NIOCore

/// Adapts an ``AsyncMiddleware`` to the chain. Its hooks suspend the exchange while the middleware's task runs.
struct AsyncMiddlewareAdapter<Base: AsyncMiddleware>: RequestHook, ResponseHook, CompletionHook {
    package static var name: String { Base.name }

    private let base: Base
    private let call: ExchangeKey<AsyncCall?>

    init(_ config: Base.Config, in context: inout BuildContext) {
        self.base = Base(config, in: &context)
        self.call = context.key(nil)
    }

    func request(_ exchange: Exchange) -> Decision {
        if let call = exchange[self.call], call.takeCollected(exchange) { return .suspend }
        // End the call from before a retry.
        exchange[self.call]?.end()
        let call = AsyncCall(exchange)
        exchange[self.call] = call
        call.run(self.base, exchange)
        return .suspend
    }

    func response(_ exchange: Exchange) -> Decision {
        guard let call = exchange[self.call] else { return .next }
        return call.takeCollected(exchange) || call.takeResponse(exchange) ? .suspend : .next
    }

    func complete(_ exchange: Exchange, _ outcome: Outcome) {
        guard let call = exchange[self.call] else { return }
        exchange[self.call] = nil
        call.end()
    }
}
