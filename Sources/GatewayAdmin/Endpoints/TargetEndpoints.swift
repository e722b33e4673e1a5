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
    let summary = "Sends no new requests to a target."

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        let target = try call.target()
        target.drain()
        return await call.answer(target)
    }
}

/// `POST /upstreams/{name}/targets/{n}/ready`: takes a drain back.
struct ReadyTargetEndpoint: AdminEndpoint {
    let path = "/upstreams/{name}/targets/{n}/ready"
    let method = Method.post
    let scope = AdminScope.write
    let summary = "Sends requests to a drained target again."

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        let target = try call.target()
        target.ready()
        return await call.answer(target)
    }
}

/// `POST /upstreams/{name}/targets/{n}/weight`: changes the share of a target.
struct WeighTargetEndpoint: AdminEndpoint {
    let path = "/upstreams/{name}/targets/{n}/weight"
    let method = Method.post
    let scope = AdminScope.write
    let summary = "Sets the weight of a target, 0 to 1,000,000. With 0 it gets no new requests."

    private static let weights = 0...1_000_000

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        let target = try call.target()
        target.set(weight: try AdminBody.integer("weight", in: Self.weights, call.request.body))
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

    fileprivate func answer(_ target: UpstreamTarget) async -> Response {
        .admin(UpstreamsEndpoint.json(target, MetricValues(await self.status.registry.snapshot())))
    }
}
