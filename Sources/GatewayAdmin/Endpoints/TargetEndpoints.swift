import FoundationEssentials
import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `POST /upstreams/{name}/targets/{n}/drain`: a target finishes its requests and gets no new ones.
struct DrainTargetEndpoint: AdminEndpoint {
    let path = "/upstreams/{name}/targets/{n}/drain"
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .drainTarget
    let summary = "Sends no new requests to a target."
    let operation = APIOperation("drainTarget", .traffic, path: .target, answers: [.json(.target)])

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        let target = try call.target()
        try await call.act(on: target, to: ["draining": true]) { target.drain() }
        return await call.answer(target)
    }
}

/// `POST /upstreams/{name}/targets/{n}/ready`: takes a drain back.
struct ReadyTargetEndpoint: AdminEndpoint {
    let path = "/upstreams/{name}/targets/{n}/ready"
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .readyTarget
    let summary = "Sends requests to a drained target again."
    let operation = APIOperation("readyTarget", .traffic, path: .target, answers: [.json(.target)])

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        let target = try call.target()
        try await call.act(on: target, to: ["draining": false]) { target.ready() }
        return await call.answer(target)
    }
}

/// `POST /upstreams/{name}/targets/{n}/weight`: changes the share of a target.
struct WeighTargetEndpoint: AdminEndpoint {
    let path = "/upstreams/{name}/targets/{n}/weight"
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .weighTarget
    let summary = "Sets the weight of a target, 0 to 1,000,000. With 0 it gets no new requests."
    let operation = APIOperation(
        "weighTarget",
        .traffic,
        path: .target,
        body: .json(
            .object([
                "weight": .integer(
                    "The share of the requests relative to the other targets.",
                    5,
                    from: Self.weights.lowerBound,
                    to: Self.weights.upperBound
                )
            ])
        ),
        answers: [.json(.target)]
    )

    private static let weights = 0...1_000_000

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        let target = try call.target()
        let weight = try AdminBody.integer("weight", in: Self.weights, call.request.body)
        try await call.act(on: target, to: ["weight": .integer(weight)]) { target.set(weight: weight) }
        return await call.answer(target)
    }
}

extension AdminCall {
    /// The target that the path names: `{n}` is its position, counted from 0, or its label.
    ///
    /// - Throws: 404.
    fileprivate func target() throws(AdminRefusal) -> UpstreamTarget {
        let (name, place) = (self.parameters[0], self.parameters[1])
        let upstreams = self.status.upstreams
        guard upstreams.configuration[name] != nil else {
            throw .notFound("There is no upstream \(JSONText.quoted(name)).")
        }
        let targets = upstreams.targets[name] ?? []
        if let index = Int(digits: place), targets.indices.contains(index) { return targets[index] }
        guard let target = targets.first(where: { $0.label == place }) else {
            throw .notFound("Upstream \(JSONText.quoted(name)) has no target \(JSONText.quoted(place)).")
        }
        return target
    }

    /// Records a change of a target and then makes it.
    fileprivate func act(
        on target: UpstreamTarget,
        to after: JSONValue,
        _ change: () -> Void
    ) async throws(AdminRefusal) {
        func before() -> JSONValue {
            ["draining": .boolean(target.isDrained), "weight": .integer(target.weight)]
        }
        try await self.act(on: "\(self.parameters[0])/\(target.label)", from: before(), to: after, change)
    }

    fileprivate func answer(_ target: UpstreamTarget) async -> Response {
        .admin(UpstreamsEndpoint.json(target, MetricValues(await self.status.registry.snapshot())))
    }
}

extension [APIParameter] {
    fileprivate static let target: Self = [
        .path("name", "The name of an upstream.", "api"),
        .path("n", "The position of a target, counted from 0, or its percent-encoded name.", "0"),
    ]
}
