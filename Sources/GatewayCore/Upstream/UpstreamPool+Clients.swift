/// Pools for clients: the connections of an upstream with `proxy_protocol` announce a client, and serve only this client
/// on one client connection. Each client has a separate pool, which lives as long as the client connection.
extension UpstreamPool {
    /// Gives a call to the pool of its client.
    ///
    /// - Returns: False if this pool has to take the call.
    func takeForClient(_ call: UpstreamCall) -> Bool {
        guard self.client == nil, let cluster = self.cluster, let client = call.caller?.announcedClient else {
            return false
        }
        let pool = client.pool(of: self) {
            UpstreamPool(
                to: self.endpoint,
                of: self.target,
                at: self.index,
                in: cluster,
                meters: self.meters,
                settings: self.settings,
                client: client,
                origin: self
            )
        }
        self.clientPools[ObjectIdentifier(pool)] = pool
        pool.take(call)
        // A copy of a request may outlive the client connection, and a call may outlive its upstream.
        if client.hasLeft || self.isDraining { pool.drain() }
        return true
    }

    /// Removes the pool of a client that has drained.
    func retired(_ pool: UpstreamPool) {
        self.clientPools[ObjectIdentifier(pool)] = nil
        if self.upgradePool === pool { self.upgradePool = nil }
        pool.client?.forget(pool)
        self.retireIfDone()
    }

    /// Applies new settings to the pools of clients. If the header changes, their connections are of no use.
    func updateClientPools(_ settings: Settings) {
        let isChanged = settings.proxyProtocol != self.settings.proxyProtocol
        for pool in Array(self.clientPools.values) {
            var settings = settings
            settings.isForUpgrades = pool.settings.isForUpgrades
            pool.update(settings)
            if isChanged { pool.drain() }
        }
    }
}
