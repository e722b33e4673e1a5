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
        var entry = Self.json(target.condition)
        entry["target"] = .string(target.label)
        entry["weight"] = .integer(target.weight)
        if target.name != nil {
            entry["addresses"] = .list(
                (target.endpoints + target.leavingEndpoints).map { endpoint in
                    var address = Self.json(endpoint.condition)
                    address["address"] = .string(endpoint.label)
                    return .table(address)
                }
            )
        }
        let meters: [String: SettingValue] = [
            "requests": count(Metrics.upstreamRequests, labels),
            "connections": [
                "active": count(Metrics.upstreamConnections, labels + ["active"]),
                "idle": count(Metrics.upstreamConnections, labels + ["idle"]),
            ],
        ]
        return .table(entry.merging(meters) { $1 })
    }

    private static func json(_ condition: UpstreamTarget.Condition) -> [String: SettingValue] {
        var entry: [String: SettingValue] = [
            "up": .boolean(condition.isUp),
            "state": .string(condition.state.rawValue),
            "since": .string(CivilTime.rfc3339(milliseconds: condition.since.time)),
        ]
        if let reason = condition.reason { entry["reason"] = .string(reason.rawValue) }
        if let next = condition.nextTry { entry["next_try"] = .string(CivilTime.rfc3339(milliseconds: next.time)) }
        return entry
    }
}
