/// What `/upstreams` says: each upstream's targets, and how they do.
enum UpstreamReport {
    static func json(_ status: GatewayStatus) async -> SettingValue {
        let metrics = MetricValues(await status.registry.snapshot())
        let upstreams = status.upstreams
        let list = upstreams.configuration.sorted { $0.key < $1.key }.map { name, upstream in
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
        return ["upstreams": .list(list)]
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
