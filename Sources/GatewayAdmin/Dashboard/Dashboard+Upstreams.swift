import GatewayCore
import GatewaySettings

extension Dashboard {
    /// The upstreams with their targets, by name.
    var upstreams: [JSONValue] {
        let registry = self.status.upstreams
        let targets = registry.targets
        let traffic = self.targetTraffic
        var room = Self.mostEntries
        return registry.configuration.sorted { $0.key < $1.key }.map { name, upstream in
            let own = (targets[name] ?? []).prefix(room)
            room -= own.count
            return [
                "name": .string(name),
                "balance": JSONValue(upstream.balance.settingValue),
                "builtin": upstream.builtin.map { JSONValue($0.settingValue) } ?? .null,
                "required": .boolean(upstream.required),
                "polled": .boolean(upstream.health != nil),
                "targets_up": .integer((targets[name] ?? []).count(where: \.isUp)),
                "targets_total": .integer((targets[name] ?? []).count),
                "targets": .array(
                    own.enumerated().map { self.json($1, number: $0, traffic[[name, $1.label]] ?? TargetTraffic()) }
                ),
            ]
        }
    }

    private struct TargetTraffic {
        var requests = 0.0
        var errors = 0.0
        var durations = 0.0
        var seconds = 0.0
    }

    /// What was answered in the last ten seconds, by upstream and target.
    private var targetTraffic: [[String]: TargetTraffic] {
        var traffic: [[String]: TargetTraffic] = [:]
        for series in self.change.series(of: TargetMeters.requestsAnswered.name) {
            let key = Array(series.labels.prefix(2))
            traffic[key, default: TargetTraffic()].requests += series.added[0]
            if series.labels[2].hasPrefix("5") { traffic[key, default: TargetTraffic()].errors += series.added[0] }
        }
        for series in self.change.series(of: TargetMeters.requestDuration.name) {
            traffic[series.labels, default: TargetTraffic()].durations += series.added.dropLast().reduce(0, +)
            traffic[series.labels, default: TargetTraffic()].seconds += series.added.last ?? 0
        }
        return traffic
    }

    private func json(_ target: UpstreamTarget, number: Int, _ traffic: TargetTraffic) -> JSONValue {
        guard case .object(let members) = UpstreamsEndpoint.json(target, self.gauges) else { return .null }
        var json = Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
        json["n"] = .integer(number)
        json["reason"] = json["reason"] ?? JSONValue.null
        json["next_try"] = json["next_try"] ?? JSONValue.null
        json["circuit"] = json["circuit"] ?? JSONValue.null
        json["poll"] = PollingEndpoint.json(of: target) ?? JSONValue.null
        json["rate"] = .figure(traffic.requests / self.change.seconds)
        json["error_ratio"] = .ratio(traffic.errors, of: traffic.requests)
        json["latency_ms"] = .ratio(traffic.seconds * 1000, of: traffic.durations)
        let labels = [target.upstream, target.label, "active"]
        json["in_flight"] = .whole(self.gauges.sum(TargetMeters.connections, where: labels))
        return .sorted(json)
    }
}
