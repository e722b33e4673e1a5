import GatewayAdmin
import GatewayCore
import GatewayMiddlewares
import GatewaySettings
import Logging

/// Reloads: reading, checking and reporting. `GatewayRuntime+Change.swift` applies the configuration.
extension GatewayRuntime {
    func reload(by actor: AuditActor) async -> ReloadOutcome {
        guard let file = self.source.file else {
            return .unavailable("The gateway runs without a configuration file, so there is nothing to reload.")
        }
        return await self.reloads.run { [self] in
            await self.reload(file: file, by: actor) { [source, middlewares] in
                try source.read(middlewares: middlewares.descriptions)
            }
        }
    }

    /// Applies a configuration that the embedding program has built.
    func reload(_ configuration: GatewayConfiguration) async -> ReloadOutcome {
        await self.reloads.run { [self] in await self.reload(file: "", by: .program) { configuration } }
    }

    private func reload(
        file: String,
        by actor: AuditActor,
        _ read: @escaping @Sendable () throws -> GatewayConfiguration
    ) async -> ReloadOutcome {
        guard !self.shared.isEnding else {
            return .unavailable("The gateway is shutting down and keeps its configuration.")
        }
        self.source.willReload()
        defer { self.source.didReload() }
        do {
            // On a separate thread, because reading and comparing large files takes long.
            let applied = try await InspectionThread.run { try await self.change(to: try read(), by: actor) }
            self.reportApplied(applied)
            return .reloaded(applied)
        } catch let failure as AuditFailure {
            self.reportRefused([
                ConfigurationError("\(failure)", suggestion: "the change has to be recorded", key: "audit.file")
            ])
            return .unrecorded(failure)
        } catch {
            let errors = await self.allErrors(error)
            self.reportRefused(errors)
            await self.status.audit.failed(.config, .refusedReload(by: actor, errors))
            return .refused(errors, file: file)
        }
    }

    // MARK: Errors

    /// Returns all errors that `gateway check` reports, if it finds more than the first step that failed.
    private func allErrors(_ error: any Error) async -> [ConfigurationError] {
        guard let errors = (error as? ConfigurationErrors)?.errors else { return [ConfigurationError("\(error)")] }
        guard let file = self.source.file, errors.allSatisfy({ $0.file == file }) else { return errors }
        let (source, middlewares) = (self.source, self.middlewares)
        let all = try? await InspectionThread.run {
            try await source.check(try TextFile.configuration(file), middlewares: middlewares).errors
        }
        return all.map { $0.count > errors.count ? $0 : errors } ?? errors
    }

    // MARK: Reporting

    private func reportApplied(_ applied: AppliedReload) {
        self.status.reloads.reloaded(at: Platform.unixMilliseconds())
        for warning in applied.warnings { self.log.warning("\(warning)") }
        let changes = applied.changes
        self.log.notice(
            "configuration reloaded",
            metadata: [
                "routes_added": "\(changes.routes.added.count)",
                "routes_removed": "\(changes.routes.removed.count)",
                "routes_changed": "\(changes.routes.changed.count)",
                "upstreams_added": "\(changes.upstreams.added.count)",
                "upstreams_removed": "\(changes.upstreams.removed.count)",
                "upstreams_changed": "\(changes.upstreams.changed.count)",
                "settings_changed": "\(changes.settings.count)",
            ]
        )
        self.shared.events.publish(
            GatewayEvent("config.reloaded", .info, topic: "config", ["changes": changes.json])
        )
    }

    private func reportRefused(_ errors: [ConfigurationError]) {
        self.status.reloads.refused(because: errors.first?.description ?? "")
        for error in errors { self.log.error("\(error)") }
        self.log.error(
            "reload refused; the running configuration stays in use",
            metadata: ["errors": "\(errors.count)"]
        )
        self.shared.events.publish(
            GatewayEvent("config.refused", .warning, topic: "config", ["errors": .array(errors.map(\.json))])
        )
    }
}
