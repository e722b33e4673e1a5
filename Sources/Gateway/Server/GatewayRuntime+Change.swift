import GatewayAdmin
import GatewayCore
import GatewayEvents
import GatewayMiddlewares
import GatewaySettings
import GatewayTracing
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// The change of the running gateway to a new configuration. Everything that can fail comes first, and changes nothing.
extension GatewayRuntime {
    /// - Throws: ``ConfigurationErrors``. The gateway then runs as before.
    func change(to wanted: GatewayConfiguration, by actor: AuditActor) async throws -> AppliedReload {
        let running = self.configuration
        var configuration = try wanted.validated(middlewares: self.middlewares.descriptions)
        try Self.requireRoutes(configuration)
        let warnings = RestartSettings.keep(in: &configuration, of: running)
        let accessLog = try self.openAccessLog(configuration, running)
        let tls = try self.certificates.prepare(configuration)
        try AuthFiles(configuration, shared: self.shared, log: self.log).read()
        let upstreams = self.upstreams.prepare(configuration)
        try configuration.require(upstreams.failures)
        let routes = CompiledRoutes(configuration, middlewares: self.middlewares.descriptions)
        let workers = try await self.prepareWorkers(configuration, routes, upstreams)
        let listeners: ListenerChange
        do {
            listeners = try await self.prepareListeners(configuration, running, tls)
        } catch {
            await self.discard(workers)
            throw error
        }
        let admin: AdminChange
        do {
            admin = try await self.prepareAdmin(configuration, running, replacing: listeners.leaving)
        } catch {
            await self.workers.discard(listeners)
            await self.discard(workers)
            throw error
        }
        let changes = ConfigurationComparison(
            from: running,
            to: configuration,
            middlewares: self.middlewares.descriptions
        )
        do throws(AuditFailure) {
            try await self.status.audit.perform(.config, .reload(by: actor, changes)) {
                self.certificates.apply(tls)
                self.shared.consumers.enableAll()
                await self.apply(configuration, upstreams, workers, listeners, accessLog)
                self.routes.withLockedValue { $0 = routes }
                self.finish(admin, accessLog)
                self.applyCache()
            }
        } catch {
            await self.discard(admin)
            await self.workers.discard(listeners)
            await self.discard(workers)
            throw error
        }
        await self.status.audit.configure(configuration.audit)
        await self.events.apply(configuration)
        await self.traces.apply(configuration)
        self.adminListener?.apply(configuration)
        self.source.didApply(configuration)
        return AppliedReload(changes: changes, warnings: warnings)
    }

    /// A truncated file is valid and has no routes.
    static func requireRoutes(_ configuration: GatewayConfiguration) throws(ConfigurationErrors) {
        guard configuration.routes.isEmpty else { return }
        let warnings = configuration.document.warnings.filter { $0.key == "routes" }
        let missing = ConfigurationError("there are no routes", suggestion: "add [[routes]]", key: "routes")
        throw ConfigurationErrors(warnings.isEmpty ? [missing] : warnings)
    }

    // MARK: Workers

    /// Builds the plans of all workers.
    private func prepareWorkers(
        _ configuration: GatewayConfiguration,
        _ routes: CompiledRoutes,
        _ upstreams: UpstreamChange
    ) async throws -> [NIOLoopBound<WorkerReload>] {
        let input = WorkerReload.Input(
            configuration: configuration,
            middlewares: self.middlewares,
            routes: routes,
            upstreams: upstreams,
            admin: AdminRouter(status: self.status)
        )
        self.shared.willBuildPlans()
        let builds = self.workers.workers.map { worker in
            worker.eventLoop.flatSubmit { WorkerReload.build(input, for: worker.value) }
        }
        var built: [NIOLoopBound<WorkerReload>] = []
        var failure: (any Error)?
        for build in builds {
            do { built.append(try await build.get()) } catch { failure = failure ?? error }
        }
        guard let failure else { return built }
        await self.discard(built)
        throw failure
    }

    private func discard(_ workers: [NIOLoopBound<WorkerReload>]) async {
        for worker in workers { try? await worker.eventLoop.submit { worker.value.discard() }.get() }
        await self.retainSeries(after: nil)
    }

    private var series: SeriesNames {
        GatewayStatus.Running(configuration: self.configuration, upstreams: self.upstreams).series
    }

    /// Drops the metrics of routes, targets and listeners that the running configuration does not contain.
    ///
    /// - Parameter old: The names before; nil if there may be any others.
    private func retainSeries(after old: SeriesNames?) async {
        let names = self.series
        let isSweepNeeded = old.map { !names.include($0) } ?? true
        for worker in self.workers.workers {
            let metrics = worker.eventLoop.submit {
                worker.value.meters.retain(names)
                return worker.value.meters.metricNames
            }
            guard isSweepNeeded else { continue }
            // One metric at a time, because each may have thousands of series.
            for name in (try? await metrics.get()) ?? [] {
                try? await worker.eventLoop.submit { worker.value.meters.sweep(name) }.get()
            }
        }
    }

    // MARK: Listeners

    private func prepareListeners(
        _ configuration: GatewayConfiguration,
        _ running: GatewayConfiguration,
        _ tls: CertificateWatch.Change
    ) async throws(ConfigurationErrors) -> ListenerChange {
        let isAdminLeaving = configuration.admin.listen != running.admin.listen
        let leaving = isAdminLeaving ? self.admin.withLockedValue { $0 }?.leaving : nil
        do {
            return try await self.workers.prepareListeners(
                configuration.server.listen,
                limits: configuration.server.limits,
                tls: tls.tls,
                replacing: leaving ?? LeavingListeners()
            )
        } catch {
            throw Self.error(error, at: SettingPath("server") + "listen", in: configuration)
        }
    }

    private func prepareAdmin(
        _ configuration: GatewayConfiguration,
        _ running: GatewayConfiguration,
        replacing leaving: LeavingListeners
    ) async throws(ConfigurationErrors) -> AdminChange {
        guard configuration.admin.listen != running.admin.listen else { return .none }
        guard case .address(let address) = configuration.admin.listen else { return .replace(nil) }
        let own = self.admin.withLockedValue { $0 }?.leaving ?? LeavingListeners()
        do {
            return .replace(try await self.startAdmin(at: address, replacing: leaving + own))
        } catch {
            throw Self.error(error, at: SettingPath("admin") + "listen", in: configuration)
        }
    }

    private func discard(_ admin: AdminChange) async {
        if case .replace(let listener?) = admin { await listener.stop() }
    }

    private enum AdminChange {
        case none
        case replace(AdminListener?)
    }

    private static func error(
        _ error: any Error,
        at path: SettingPath,
        in configuration: GatewayConfiguration
    ) -> ConfigurationErrors {
        let position = configuration.document.position(of: path)
        return ConfigurationErrors([ConfigurationError("\(error)", key: path.description, at: position)])
    }

    // MARK: The access log

    private enum AccessLogChange {
        case none
        case replace(LogWriter?)
    }

    private func openAccessLog(
        _ configuration: GatewayConfiguration,
        _ running: GatewayConfiguration
    ) throws(ConfigurationErrors) -> AccessLogChange {
        guard configuration.log.access != running.log.access else { return .none }
        guard configuration.log.access != .off else { return .replace(nil) }
        do {
            let destination = configuration.log.access.destination
            return .replace(try LogWriter(destination, droppedLines: self.droppedLogLines))
        } catch {
            throw Self.error(error, at: SettingPath("log") + "access", in: configuration)
        }
    }

    // MARK: The switch

    /// Serves the new configuration. New targets come before the workers switch and old ones go after it, because one
    /// worker switches after the other.
    private func apply(
        _ configuration: GatewayConfiguration,
        _ upstreams: UpstreamChange,
        _ workers: [NIOLoopBound<WorkerReload>],
        _ listeners: ListenerChange,
        _ accessLog: AccessLogChange
    ) async {
        let series = self.series
        self.upstreams.apply(upstreams)
        self.status.replace(GatewayStatus.Running(configuration: configuration, upstreams: self.upstreams))
        let settings = WorkerSettings(configuration, workers: workers.count, log: self.log)
        let style = AccessLogStyle(configuration.log.format, for: configuration.log.access.destination)
        let writer = if case .replace(let writer) = accessLog { writer } else { self.accessLog.withLockedValue { $0 } }
        let switched = workers.map { worker in
            worker.eventLoop.submit { worker.value.takeEffect(settings: settings, accessLog: writer, style: style) }
        }
        for worker in switched { try? await worker.get() }
        await self.workers.apply(listeners)
        upstreams.retireTargets()
        self.shared.forgetUnusedObjects()
        await self.retainSeries(after: series)
        await self.workers.close(listeners.leaving)
    }

    /// Ends what was replaced. Nobody waits for it: the request for the reload may have come through the old admin
    /// listener, and a log whose reader is slow blocks.
    private func finish(_ admin: AdminChange, _ accessLog: AccessLogChange) {
        if case .replace(let listener) = admin {
            let old = self.admin.withLockedValue { current in
                defer { current = listener }
                return current
            }
            if let old { self.departures.add { await old.stop() } }
        }
        switch accessLog {
        case .replace(let writer):
            let old = self.accessLog.withLockedValue { current in
                defer { current = writer }
                return current
            }
            if let old { self.departures.add { await old.close(within: .seconds(2)) } }
        case .none:
            let (writer, log) = (self.accessLog.withLockedValue { $0 }, self.log)
            guard let writer else { return }
            Task {
                do {
                    try await writer.reopen()
                } catch {
                    log.error("cannot reopen log files", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
