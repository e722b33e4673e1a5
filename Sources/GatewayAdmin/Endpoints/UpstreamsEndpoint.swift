import GatewayCore
import GatewayHTTP
import GatewaySettings

/// `/upstreams`: the targets of each upstream, and their state.
struct UpstreamsEndpoint: AdminEndpoint {
    let path = "/upstreams"
    let summary = "Upstreams with their targets."
    let operation = APIOperation(
        "listUpstreams",
        .traffic,
        query: .page(of: .upstreams),
        answers: [.page("upstreams", of: .upstream)]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        let upstreams = call.status.upstreams
        let sorted = upstreams.configuration.sorted { $0.key < $1.key }
        let page = try call.query.page(of: sorted.map(\.key))
        let metrics = MetricValues(await call.status.registry.snapshot())
        let list = sorted[page].map { name, upstream in
            var entry: [String: JSONValue] = [
                "name": .string(name),
                "balance": JSONValue(upstream.balance.settingValue),
                "required": .boolean(upstream.required),
                "targets": .array((upstreams.targets[name] ?? []).map { Self.json($0, metrics) }),
            ]
            if let builtin = upstream.builtin { entry["builtin"] = JSONValue(builtin.settingValue) }
            if upstream.balance == .hash { entry["hash_key"] = JSONValue(upstream.hashKey.settingValue) }
            return JSONValue.sorted(entry)
        }
        return .admin(["total": .integer(sorted.count), "upstreams": .array(list)])
    }

    /// The entry of a target.
    static func json(_ target: UpstreamTarget, _ metrics: MetricValues) -> JSONValue {
        let labels = [target.upstream, target.label]
        func connections(_ state: String) -> JSONValue {
            .whole(metrics.sum(TargetMeters.connections, where: labels + [state]))
        }
        var entry = Self.json(target.condition)
        entry["target"] = .string(target.label)
        entry["weight"] = .integer(target.weight)
        entry["circuit"] = target.circuit.map { Self.json($0) }
        if target.name != nil {
            entry["addresses"] = .array(
                (target.endpoints + target.leavingEndpoints).map { endpoint in
                    var address = Self.json(endpoint.condition)
                    address["address"] = .string(endpoint.label)
                    address["circuit"] = endpoint.circuitCondition.map { Self.json($0) }
                    return .sorted(address)
                }
            )
        }
        entry["requests"] = .whole(metrics.sum(TargetMeters.requestsAnswered, where: labels))
        entry["connections"] = ["active": connections("active"), "idle": connections("idle")]
        return .sorted(entry)
    }

    static func json(_ condition: UpstreamTarget.Condition) -> [String: JSONValue] {
        var entry: [String: JSONValue] = [
            "up": .boolean(condition.isUp),
            "state": .string(condition.state.rawValue),
            "since": .string(CivilTime.rfc3339(milliseconds: condition.since.time)),
        ]
        if let reason = condition.reason { entry["reason"] = .string(reason) }
        if let next = condition.nextTry { entry["next_try"] = .string(CivilTime.rfc3339(milliseconds: next.time)) }
        return entry
    }

    static func json(_ circuit: TargetCircuit) -> JSONValue {
        var entry: [String: JSONValue] = [
            "state": .string(circuit.state.rawValue), "failures": .integer(circuit.failures),
        ]
        entry["reason"] = circuit.reason.map { .string($0.description) }
        entry["next_probe"] = circuit.nextProbe.map { .string(CivilTime.rfc3339(milliseconds: $0.time)) }
        return .sorted(entry)
    }
}

extension APISchema {
    fileprivate static let upstream = Self.object(
        [
            "name": .text("", "api"),
            "balance": .word("How a target is chosen.", of: BalancePolicy.allCases.map(\.rawValue)),
            "required": .boolean("Whether the gateway is not ready without a healthy target.", false),
            "targets": .list(of: .target),
        ],
        optional: [
            "builtin": .word("An upstream inside the gateway's process.", of: Builtin.allCases.map(\.rawValue)),
            "hash_key": .text("What the target is chosen by.", "client_ip"),
        ]
    ).named("Upstream")

    /// An entry of `/upstreams`, which acts on targets also answer with.
    static let target = Self.object(
        Self.targetMembers,
        optional: Self.conditionOptional + Self.targetAddresses
    ).named("Target")

    static let targetMembers: Members =
        [
            "target": .text("As in metrics and logs.", "127.0.0.1:9001"),
            "weight": .integer("The share of the requests relative to the other targets.", 1),
        ] + Self.condition + [
            "requests": .integer("The requests that were answered.", 1204),
            "connections": .object([
                "active": .integer("Those that serve a request.", 3), "idle": .integer("Those that wait for one.", 5),
            ]),
        ]

    static let targetAddresses: Members = [
        "addresses": .list(
            of: .object(["address": .text("", "10.0.0.7:80")] + Self.condition, optional: Self.conditionOptional),
            "Of a host name."
        )
    ]

    /// What the document says of ``UpstreamsEndpoint/json(_:)``.
    private static let condition: APISchema.Members = [
        "up": .boolean("Whether it receives requests."),
        "state": .word("", of: ["unknown", "up", "down", "draining"]),
        "since": .time("When the state began."),
    ]
    static let conditionOptional: APISchema.Members = [
        "reason": .text("Why it is down.", "refused"),
        "next_try": .time("When the next connection or health check is due."),
        "circuit": .circuit,
    ]

    /// The state of a circuit breaker.
    static let circuit = Self.object(
        [
            "state": .word("", of: ["closed", "half_open", "open"]),
            "failures": .integer("The failures in a row.", 0),
        ],
        optional: [
            "reason": .text("The last failure.", "status 503"),
            "next_probe": .time("When requests are tried again."),
        ]
    ).named("Circuit")
}
