import HTTPTypes
import NIOCore
import Synchronization

/// The handler's end of an `InProcessStream`. Each call runs on the event loop and waits for the result.
final class InProcessLine: Sendable {
    /// Set once the exchange has ended. The event loop may be gone by then, if a handler keeps using the body after
    /// its task.
    private let isClosed = Atomic(false)
    private let stream: NIOLoopBound<InProcessStream>
    private var eventLoop: any EventLoop { self.stream.eventLoop }

    init(_ stream: NIOLoopBound<InProcessStream>) { self.stream = stream }

    func close() { self.isClosed.store(true, ordering: .releasing) }

    private var isOpen: Bool { !self.isClosed.load(ordering: .acquiring) }

    func read() async throws -> ByteBuffer? {
        guard self.isOpen, !Task.isCancelled else { throw CancellationError() }
        let promise = self.eventLoop.makePromise(of: ByteBuffer?.self)
        return try await withTaskCancellationHandler {
            self.eventLoop.execute { self.stream.value.read(promise) }
            return try await promise.futureResult.get()
        } onCancel: {
            if self.isOpen {
                self.eventLoop.execute { self.stream.value.cancelRead(promise) }
            }
        }
    }

    func trailers() async -> HTTPFields {
        guard self.isOpen else { return [:] }
        return (try? await self.eventLoop.submit { self.stream.value.requestTrailers }.get()) ?? [:]
    }

    package func begin(_ response: AsyncResponse) async throws -> Bool {
        guard self.isOpen else { throw CancellationError() }
        return try await self.eventLoop.submit { self.stream.value.begin(response) }.get()
    }

    package func write(_ chunk: ByteBuffer) async throws {
        guard self.isOpen, !Task.isCancelled else { throw CancellationError() }
        let promise = self.eventLoop.makePromise(of: Void.self)
        try await withTaskCancellationHandler {
            self.eventLoop.execute { self.stream.value.write(chunk, promise) }
            try await promise.futureResult.get()
        } onCancel: {
            if self.isOpen { promise.fail(CancellationError()) }
        }
    }

    func end() {
        if self.isOpen { self.eventLoop.execute { self.stream.value.end() } }
    }

    package func fail(_ error: any Error) {
        // The exchange has ended: no one is left to notify.
        guard self.isOpen else { return }
        let reason = "\(error)"
        self.eventLoop.execute { self.stream.value.fail(.upstreamReset(reason: reason)) }
    }
}
