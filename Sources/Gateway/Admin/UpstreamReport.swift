/// What `/upstreams` says: each upstream's targets, and how they do.
enum UpstreamReport {
    /// - Throws: 422 for a part of the list that does not exist.
    static func json(_ status: GatewayStatus, _ query: AdminQuery) async throws(AdminRefusal) -> SettingValue {
        let upstreams = status.upstreams
        let sorted = upstreams.configuration.sorted { $0.key < $1.key }
        let page = try query.page(of: sorted.map(\.key))
        let metrics = MetricValues(await status.registry.snapshot())
        let list = sorted[page].map { name, upstream in
            var entry: [String: SettingValue] = [
                "name": .string(name),
                "balance": upstream.balance.settingValue,
                "required": .boolean(upstream.required),
                "targets": .list((upstreams.targets[name] ?? []).map { Self.json($0, metrics) }),
            ]
            if let builtin = upstream.builtin { entry["builtin"] = builtin.settingValue }
            if upstream.balance == .hash { entry["hash_key"] = upstream.hashKey.settingValue }
            return SettingValue.table(entry)
        }
        return ["upstreams": .list(list), "total": .integer(sorted.count)]
    }

    private static func json(_ target: UpstreamTarget, _ metrics: MetricValues) -> SettingValue {
        let labels = [target.upstream, target.label]
        func count(_ metric: MetricDescription, _ labels: [String]) -> SettingValue {
            .whole(metrics.sum(metric, where: labels))
        }
        return [
            "url": target.url.settingValue,
            "weight": .integer(target.weight),
            "up": .boolean(target.health.isUp),
            "requests": count(Metrics.upstreamRequests, labels),
            "connections": [
                "active": count(Metrics.upstreamConnections, labels + ["active"]),
                "idle": count(Metrics.upstreamConnections, labels + ["idle"]),
            ],
        ]
    }
}
