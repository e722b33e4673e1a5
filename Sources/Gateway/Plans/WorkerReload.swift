import GatewayAdmin
import GatewayCore
import GatewayMiddlewares
import GatewaySettings
import NIOCore

/// The change of one worker to a new configuration. Until ``takeEffect(settings:accessLog:style:)``, the worker serves as before.
///
/// Plans are built on the worker's event loop, because middlewares keep state of that loop. They are built in slices,
/// between which the loop serves requests.
final class WorkerReload {
    /// How long the event loop builds before it serves requests again.
    private static let slice = TimeAmount.microseconds(500)
    /// A task that is due at once would run before the sockets are read.
    private static let pause = TimeAmount.microseconds(100)

    /// What all workers have in common.
    struct Input: Sendable {
        let configuration: GatewayConfiguration
        let middlewares: [MiddlewareRegistration]
        let routes: CompiledRoutes
        let upstreams: UpstreamChange
        let admin: AdminRouter
    }

    private let input: Input
    private let worker: Worker
    private var running: [String: any Upstream]
    private var upstreams: [String: any Upstream]
    private var builder: PlanBuilder?
    private var table: RoutingTable?

    /// Builds the routing table. Call it on the worker's event loop.
    ///
    /// - Returns: The change, which takes effect or is discarded later, or ``ConfigurationErrors``.
    static func build(_ input: Input, for worker: Worker) -> EventLoopFuture<NIOLoopBound<WorkerReload>> {
        // The promise keeps its result, so the result must not keep the promise.
        let built = worker.eventLoop.makePromise(of: NIOLoopBound<WorkerReload>.self)
        WorkerReload(input, for: worker).buildSlice(built)
        return built.futureResult
    }

    private init(_ input: Input, for worker: Worker) {
        self.input = input
        self.worker = worker
        self.running = Dictionary(worker.table.upstreams.map { ($0.name, $0) }) { first, _ in first }
        self.upstreams = input.upstreams.makeUpstreams(for: worker, beside: self.running)
        self.builder = PlanBuilder(
            input.configuration,
            middlewares: input.middlewares,
            routes: input.routes,
            upstreams: self.upstreams,
            admin: input.admin,
            worker: worker
        )
    }

    private func buildSlice(_ built: EventLoopPromise<NIOLoopBound<WorkerReload>>) {
        let end = self.worker.eventLoop.now + Self.slice
        while self.builder?.buildNext() == true {
            guard self.worker.eventLoop.now >= end else { continue }
            self.worker.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.buildSlice(built) }
            return
        }
        do throws(ConfigurationErrors) {
            self.table = try self.builder?.finish()
            self.builder = nil
            built.succeed(NIOLoopBound(self, eventLoop: self.worker.eventLoop))
        } catch {
            self.discard()
            built.fail(error)
        }
    }

    /// Serves new requests by the new configuration. Exchanges that have begun keep their plans.
    func takeEffect(settings: WorkerSettings, accessLog: LogWriter?, style: AccessLogStyle) {
        guard let table = self.table else { return }
        self.input.upstreams.takeEffect(for: self.upstreams, replacing: self.running)
        let old = self.worker.table
        self.worker.replace(table, settings: settings)
        self.worker.replaceAccessLog(accessLog, style: style)
        self.release()
        Self.release(old, on: self.worker.eventLoop)
    }

    /// Releases everything on the event loop. The change itself is released on another thread.
    private func release() {
        self.table = nil
        self.builder = nil
        self.upstreams = [:]
        self.running = [:]
    }

    /// Releases the plans of an old table in slices, too.
    private static func release(_ table: RoutingTable, on eventLoop: any EventLoop) {
        let end = eventLoop.now + Self.slice
        while table.releasePlans(16) {
            guard eventLoop.now >= end else { continue }
            eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { Self.release(table, on: eventLoop) }
            return
        }
    }

    /// Releases what was made for a change that does not take effect.
    func discard() {
        self.input.upstreams.discard(self.upstreams, beside: self.running)
        self.release()
    }
}

@available(*, unavailable)
extension WorkerReload: Sendable {}
