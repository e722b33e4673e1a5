import GatewayCore
package import GatewaySettings
import Logging
import NIOCore

/// The alerts, on any thread: ``AlertDesk`` belongs to an event loop.
package struct Alerts: Sendable {
    private let desk: NIOLoopBound<AlertDesk>

    private init(_ desk: NIOLoopBound<AlertDesk>) { self.desk = desk }

    /// - Parameters:
    ///   - registry: What conditions are computed from.
    ///   - sink: Receives the events.
    ///   - store: Has the states of the last run.
    static func start(
        on eventLoop: any EventLoop,
        registry: MeterRegistry,
        sink: any EventSink,
        store: EventStore,
        log: Logger
    ) async throws -> Alerts {
        // Memory would forget with the process anyway.
        let store = store.path.isEmpty ? nil : store
        let restored = try? await store?.run { connection throws(SQLiteError) in try AlertRows.load(from: connection) }
        let desk = try await eventLoop.submit {
            let desk = AlertDesk(
                on: eventLoop,
                registry: registry,
                sink: sink,
                store: store,
                restored: restored ?? nil,
                log: log
            )
            return NIOLoopBound(desk, eventLoop: eventLoop)
        }.get()
        return Alerts(desk)
    }

    /// Applies a configuration: at the start, and after each reload.
    func apply(_ configuration: GatewayConfiguration) async { _ = await self.onLoop { $0.apply(configuration) } }

    func stop() async { _ = await self.onLoop { $0.stop() } }

    private func onLoop<Result: Sendable>(_ body: @escaping @Sendable (AlertDesk) -> Result) async -> Result? {
        let desk = self.desk
        return try? await desk.eventLoop.submit { body(desk.value) }.get()
    }

    /// All alerts with their states.
    package func json() async -> JSONValue { await self.onLoop { $0.board.json(at: .now()) } ?? ["alerts": []] }

    /// The alerts that fire.
    package func open() async -> [OpenAlert] { await self.onLoop { $0.board.open } ?? [] }

    /// The last changes of states, newest last.
    package func history(limit: Int) async -> JSONValue {
        await self.onLoop { $0.board.historyJSON(limit: limit) } ?? ["history": []]
    }

    package func has(_ name: String) async -> Bool { await self.onLoop { $0.board.entry(name) != nil } ?? false }

    /// The silence of a rule; nil if there is none.
    package func silence(of name: String) async -> AlertSilence? {
        await self.onLoop { $0.board.silence(of: name, at: .now()) } ?? nil
    }

    /// Keeps a rule from publishing events.
    package func silence(_ name: String, for span: TimeSpan, comment: String) async -> AlertSilence? {
        await self.onLoop { desk in
            let now = AlertMoment.now()
            let until = AlertMoment(
                clock: now.clock + span.nanoseconds,
                wall: now.wall + span.nanoseconds / 1_000_000
            )
            let silence = AlertSilence(until: until, comment: comment)
            desk.silence(name, silence)
            return silence
        }
    }

    package func endSilence(of name: String) async { _ = await self.onLoop { $0.silence(name, nil) } }

    /// Publishes an `alert.firing` with `"test": true`.
    package func test(_ name: String) async { _ = await self.onLoop { $0.test(name) } }
}
