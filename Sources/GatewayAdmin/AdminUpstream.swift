package import GatewayCore
import GatewayEvents
import GatewayHTTP
import NIOCore

/// The admin API as an upstream. It runs in a task, so that no event loop waits for a report. Streams continue on the event
/// loop of their connection.
package final class AdminUpstream: Upstream {
    /// Time limit of a response.
    private static let limit = TimeAmount.seconds(30)

    package let name = "admin"
    private let router: AdminRouter
    private let surface: AdminRequest.Surface

    package init(_ router: AdminRouter, on surface: AdminRequest.Surface) {
        self.router = router
        self.surface = surface
    }

    package func take(_ exchange: Exchange) {
        let request = AdminRequest(exchange, on: self.surface)
        exchange.wait(for: .total, Self.limit)
        let eventLoop = exchange.worker.eventLoop
        let bound = NIOLoopBound(exchange, eventLoop: eventLoop)
        let generation = exchange.generation
        let router = self.router
        Task {
            let answer = await router.result(of: request)
            eventLoop.execute {
                let exchange = bound.value
                // The client may have left, and the exchange may serve another request by now.
                guard exchange.generation == generation, exchange.state.stage == .waiting else {
                    if case .success(.stream(let client)) = answer { client.leave() }
                    return
                }
                exchange.worker.tick()
                AdminUpstream.give(answer, to: exchange)
            }
        }
    }

    private static func give(_ answer: Result<AdminAnswer, AdminRefusal>, to exchange: Exchange) {
        switch answer {
        case .success(.response(let response)): exchange.driver.answer(response, from: nil)
        case .success(.stream(let client)): client.begin(exchange)
        case .failure(let refusal): exchange.driver.fail(refusal.response, from: nil)
        }
    }

    package func stop() {}
}

@available(*, unavailable)
extension AdminUpstream: Sendable {}
