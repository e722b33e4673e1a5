/// The pool for upgrades: to a target whose other connections may turn out to be HTTP/2, which has no upgrades, requests
/// that ask for another protocol use connections of HTTP/1.1 only.
extension UpstreamPool {
    /// Gives a call to the pool for upgrades.
    ///
    /// - Returns: False if this pool has to take the call.
    func takeForUpgrade(_ call: UpstreamCall) -> Bool {
        guard !self.settings.isForUpgrades, self.target.isSecure, let cluster = self.cluster,
            self.connector.expectedStreams(to: self.target.url) > 1
        else { return false }
        let pool = self.upgradePool ?? self.makeUpgradePool(in: cluster)
        pool.take(call)
        return true
    }

    private func makeUpgradePool(in cluster: UpstreamCluster) -> UpstreamPool {
        var settings = self.settings
        settings.isForUpgrades = true
        let pool = UpstreamPool(
            to: self.endpoint,
            of: self.target,
            at: self.index,
            in: cluster,
            meters: self.meters,
            settings: settings,
            client: self.client,
            origin: self
        )
        self.clientPools[ObjectIdentifier(pool)] = pool
        self.upgradePool = pool
        return pool
    }
}
