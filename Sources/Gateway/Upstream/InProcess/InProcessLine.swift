import HTTPTypes
import NIOCore

/// The handler's end of an ``InProcessStream``: each call goes to the event loop and waits for what it says there.
struct InProcessLine: Sendable {
    private let stream: NIOLoopBound<InProcessStream>
    private var eventLoop: any EventLoop { self.stream.eventLoop }

    init(_ stream: NIOLoopBound<InProcessStream>) { self.stream = stream }

    func read() async throws -> ByteBuffer? {
        try Task.checkCancellation()
        let promise = self.eventLoop.makePromise(of: ByteBuffer?.self)
        return try await withTaskCancellationHandler {
            self.eventLoop.execute { self.stream.value.read(promise) }
            return try await promise.futureResult.get()
        } onCancel: {
            self.eventLoop.execute { self.stream.value.cancelRead(promise) }
        }
    }

    func trailers() async -> HTTPFields {
        (try? await self.eventLoop.submit { self.stream.value.requestTrailers }.get()) ?? [:]
    }

    func begin(_ response: InProcessResponse) async throws -> Bool {
        try Task.checkCancellation()
        return try await self.eventLoop.submit { self.stream.value.begin(response) }.get()
    }

    func write(_ chunk: ByteBuffer) async throws {
        try Task.checkCancellation()
        let promise = self.eventLoop.makePromise(of: Void.self)
        try await withTaskCancellationHandler {
            self.eventLoop.execute { self.stream.value.write(chunk, promise) }
            try await promise.futureResult.get()
        } onCancel: {
            promise.fail(CancellationError())
        }
    }

    func end() {
        if !Task.isCancelled { self.eventLoop.execute { self.stream.value.end() } }
    }

    func fail(_ error: any Error) {
        // A cancelled task has nobody left to tell.
        guard !Task.isCancelled else { return }
        let reason = "\(error)"
        self.eventLoop.execute { self.stream.value.fail(GatewayError(.upstreamReset, reason: reason)) }
    }
}
