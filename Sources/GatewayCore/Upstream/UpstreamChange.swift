package import GatewaySettings

/// The upstreams of a new configuration, prepared so that all workers can switch to them at once. Until it is applied,
/// nothing that runs is changed, so it can be dropped.
package struct UpstreamChange: Sendable {
    package let configuration: [String: UpstreamConfiguration]
    /// By upstream, in the order of the configuration. Targets that remain are those that run.
    let targets: [String: [UpstreamTarget]]
    let changes: [String: EndpointChanges]
    let securities: UpstreamSecurities
    let comparison: UpstreamComparison
    /// The maximum number of health checks in progress. Nil: unchanged.
    var maxPolls: Int?
    /// The names of the services that the gateway itself sends requests to.
    var services: Set<String> = []
    /// The targets that the new configuration no longer contains.
    let removedTargets: [UpstreamTarget]
    /// The removed targets of upstreams that remain.
    private let retiring: [UpstreamTarget]
    private let inProcess: [String: InProcessHandler]

    /// The files of tls that cannot be used. A change with failures must not be applied.
    package var failures: [UpstreamSecurities.Failure] { self.securities.failures }

    /// Compares a new configuration with the running one.
    init(
        from running: [String: UpstreamConfiguration],
        targets: [String: [UpstreamTarget]],
        changes: [String: EndpointChanges],
        securities: [String: UpstreamSecurity],
        to configuration: [String: UpstreamConfiguration],
        folder: ConfigurationFolder,
        inProcess: [String: InProcessHandler]
    ) {
        let comparison = UpstreamComparison(from: running, to: configuration)
        var newTargets: [String: [UpstreamTarget]] = [:]
        var newChanges: [String: EndpointChanges] = [:]
        var retiring: [UpstreamTarget] = []
        for (name, upstream) in configuration {
            let kept = comparison.kept[name]
            let before = targets[name] ?? []
            let change = kept == nil ? EndpointChanges() : changes[name] ?? EndpointChanges()
            newChanges[name] = change
            newTargets[name] = upstream.targets.enumerated().map { index, target in
                if let place = kept?.kept[index] { return before[place] }
                return UpstreamTarget(
                    upstream: name,
                    target,
                    permits: ConnectionPermits(limit: upstream.maxConnections, pendingLimit: upstream.maxPending),
                    changes: change
                )
            }
            retiring += kept?.removed.map { before[$0] } ?? []
        }
        self.configuration = configuration
        self.targets = newTargets
        self.changes = newChanges
        self.securities = UpstreamSecurities(configuration, folder: folder, reusing: securities)
        self.comparison = comparison
        self.removedTargets = retiring + comparison.removed.flatMap { targets[$0] ?? [] }
        self.retiring = retiring
        self.inProcess = inProcess
    }

    /// Describes the running configuration, for workers that have yet to follow it.
    init(
        running: [String: UpstreamConfiguration],
        targets: [String: [UpstreamTarget]],
        changes: [String: EndpointChanges],
        securities: [String: UpstreamSecurity],
        inProcess: [String: InProcessHandler]
    ) {
        self.configuration = running
        self.targets = targets
        self.changes = changes
        self.securities = UpstreamSecurities(byUpstream: securities)
        self.comparison = UpstreamComparison(from: running, to: running)
        self.removedTargets = []
        self.retiring = []
        self.inProcess = inProcess
    }

    /// Lets the removed targets of upstreams that remain finish their requests. Call it when all workers have switched.
    ///
    /// Those of removed upstreams do not retire, because their endpoints still serve calls that started before.
    package func retireTargets() { for target in self.retiring { target.retire() } }

    // MARK: Workers

    /// Returns the upstreams of one worker: those that remain as they run, and new ones. Call it on the worker's event
    /// loop.
    ///
    /// - Parameter running: The worker's current upstreams, which are not changed.
    package func makeUpstreams(for worker: Worker, beside running: [String: any Upstream]) -> [String: any Upstream] {
        var upstreams: [String: any Upstream] = [:]
        for (name, upstream) in self.configuration {
            if let handler = running[name] as? InProcessUpstream, self.comparison.kept[name] != nil {
                upstreams[name] = handler
                continue
            }
            switch upstream.builtin {
            case .demo:
                upstreams[name] = InProcessUpstream(name: name, worker: worker, handler: DemoUpstream.handle)
            case .inProcess:
                let handler = self.inProcess[name] ?? InProcessUpstream.missing
                upstreams[name] = InProcessUpstream(name: name, worker: worker, handler: handler)
            case nil:
                guard let changes = self.changes[name], let targets = self.targets[name] else { continue }
                if let cluster = running[name] as? UpstreamCluster, cluster.changes === changes {
                    upstreams[name] = cluster
                } else {
                    upstreams[name] = UpstreamCluster(
                        name: name,
                        worker: worker,
                        targets: targets,
                        changes: changes,
                        settings: UpstreamCluster.Settings(upstream, security: self.securities.byUpstream[name])
                    )
                }
            }
        }
        return upstreams
    }

    /// Applies the new settings to clusters that remain, and stops upstreams that were replaced. Call it on the
    /// worker's event loop.
    package func takeEffect(for upstreams: [String: any Upstream], replacing running: [String: any Upstream]) {
        for (name, upstream) in upstreams {
            guard let cluster = upstream as? UpstreamCluster, running[name] === cluster,
                let configuration = self.configuration[name], let targets = self.targets[name]
            else { continue }
            let settings = UpstreamCluster.Settings(configuration, security: self.securities.byUpstream[name])
            cluster.update(targets: targets, settings: settings)
        }
        for (name, upstream) in running where upstreams[name] !== upstream { upstream.stop() }
    }

    /// Stops the upstreams that were made for a change that is not applied. Call it on the worker's event loop.
    package func discard(_ upstreams: [String: any Upstream], beside running: [String: any Upstream]) {
        for (name, upstream) in upstreams where running[name] !== upstream { upstream.stop() }
    }
}
