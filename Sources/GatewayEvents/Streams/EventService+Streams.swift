import GatewayCore
import NIOCore

/// Streams, for the admin API.
extension EventService {
    /// Adds a client of a stream. Call ``StreamClient/begin(_:)`` or ``StreamClient/leave()`` next.
    ///
    /// - Parameters:
    ///   - lastEvent: The ID of the last event that the client has seen, as it says; nil if it has seen none.
    ///   - isDraining: Whether the gateway drains. Called on the event loop of the bus.
    package func open(
        _ client: StreamClient,
        _ topics: EventTopics,
        after lastEvent: String?,
        isDraining: @escaping @Sendable () -> Bool
    ) async -> EventStreams.OnOpen {
        let last = lastEvent.flatMap { $0.isEmpty ? nil : EventStreams.LastEvent($0) }
        let streams = self.streams
        return await self.onLoop { isDraining() ? .closed : streams.value.open(client, topics, after: last) }
            ?? .closed
    }

    /// The open streams, in the order in which they began.
    package func streamClients() async -> [EventStreams.ClientReport] {
        let streams = self.streams
        return await self.onLoop { streams.value.report } ?? []
    }

    /// The last events, oldest first.
    package func recentEvents() async -> [Event] {
        let bus = self.bus
        return await self.onLoop { bus.onLoop?.value.recent ?? [] } ?? []
    }

    /// Ends all streams, after the events that were published so far.
    package func endStreams() {
        self.streams.eventLoop.execute { [streams = self.streams] in streams.value.closeAll() }
    }

    /// Returns nil if the service has ended.
    private func onLoop<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
        try? await self.streams.eventLoop.submit(body).get()
    }
}
