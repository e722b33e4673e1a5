import HTTPTypes
import NIOCore
import Synchronization

/// The task's side of an `AsyncCall`. Passes each call to the event loop and returns the result to the task.
package final class AsyncCallLine: Sendable {
    let eventLoop: any EventLoop
    /// The call, or nil before it starts and after it ends, when the event loop may no longer exist.
    private let call = Mutex<NIOLoopBound<AsyncCall>?>(nil)

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func open(_ call: AsyncCall) {
        let bound = NIOLoopBound(call, eventLoop: self.eventLoop)
        self.call.withLock { $0 = bound }
    }

    func close() { self.call.withLock { $0 = nil } }

    private func reach() throws -> NIOLoopBound<AsyncCall> {
        guard let call = self.call.withLock({ $0 }), !Task.isCancelled else { throw CancellationError() }
        return call
    }

    func forward(_ request: AsyncRequest) async throws -> AsyncResponse {
        let call = try self.reach()
        let promise = self.eventLoop.makePromise(of: HTTPResponse.self)
        return try await withTaskCancellationHandler {
            self.eventLoop.execute { call.value.forward(request, promise) }
            return AsyncResponse(head: try await promise.futureResult.get(), body: AsyncBody(.passing(self, .response)))
        } onCancel: {
            guard let call = self.call.withLock({ $0 }) else { return }
            self.eventLoop.execute { call.value.stopWaiting() }
        }
    }

    package func answer(_ response: AsyncResponse) throws {
        let call = try self.reach()
        self.eventLoop.execute { call.value.answer(response) }
    }

    package func fail(_ error: any Error) {
        guard let call = self.call.withLock({ $0 }) else { return }
        self.eventLoop.execute { call.value.fail(error) }
    }

    func collect(upTo limit: Int, _ direction: BodyDirection) async throws -> ByteBuffer {
        let call = try self.reach()
        let promise = self.eventLoop.makePromise(of: ByteBuffer?.self)
        self.eventLoop.execute { call.value.collect(upTo: limit, direction, promise) }
        guard let whole = try await promise.futureResult.get() else { throw BodyTooLarge(limit: limit) }
        return whole
    }

    func read(_ direction: BodyDirection) async throws -> ByteBuffer? {
        let call = try self.reach()
        let promise = self.eventLoop.makePromise(of: ByteBuffer?.self)
        self.eventLoop.execute { call.value.read(direction, promise) }
        return try await promise.futureResult.get()
    }
}

/// Sends the chunks of a new body to the exchange, in a separate task.
struct AsyncBodyFeed: Sendable {
    let body: AsyncBody
    let bridge: NIOLoopBound<AsyncBodyBridge>

    func run() async {
        let eventLoop = self.bridge.eventLoop
        do {
            let writer = AsyncBodyWriter { chunk in
                try Task.checkCancellation()
                let promise = eventLoop.makePromise(of: Void.self)
                eventLoop.execute { self.bridge.value.write(chunk, promise) }
                try await promise.futureResult.get()
            }
            try await self.body.write(to: writer)
            eventLoop.execute { self.bridge.value.finish(nil) }
        } catch {
            let reason = "\(error)"
            eventLoop.execute { self.bridge.value.finish(TransformError(reason)) }
        }
    }
}
