/// The endpoints of retries, as opposed to those of failover, which a request tries once each.
extension UpstreamCluster {
    /// Where a retry of the call would go.
    func retryDestination(of call: UpstreamCall) -> RetryDestination {
        self.lookIfNeeded()
        var untried = self.rotation.preferred
        untried.subtract(call.tried)
        if let pool = call.pool { untried.remove(pool.index) }
        if !untried.isEmpty { return .untried }
        return self.rotation.isEmpty(triesUnhealthy: self.settings.triesUnhealthy) ? .none : .tried
    }

    /// Lets a retry return to endpoints that it has tried, rather than go to one out of the rotation. The one that it tried
    /// last comes last.
    func prepareRetry(of call: UpstreamCall) {
        guard self.retryDestination(of: call) != .untried else { return }
        call.tried = TargetSet()
        call.hasTriedLastResort = false
        guard let last = call.lastTried else { return }
        var others = self.rotation.preferred
        others.remove(last)
        if !others.isEmpty { call.tried.insert(last) }
    }
}

extension Rotation {
    /// The endpoints that receive requests first.
    fileprivate var preferred: TargetSet { self.available.isEmpty ? self.unchecked : self.available }

    fileprivate func isEmpty(triesUnhealthy: Bool) -> Bool {
        self.available.isEmpty && self.unchecked.isEmpty && self.halfOpen.isEmpty && self.unreachable.isEmpty
            && (self.unhealthy.isEmpty || !triesUnhealthy)
    }
}
