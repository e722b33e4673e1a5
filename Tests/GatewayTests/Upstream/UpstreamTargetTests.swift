import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

@Suite struct UpstreamTargetTests {
    private let changes = EndpointChanges()

    private func target(_ url: String) throws -> UpstreamTarget {
        UpstreamTarget(
            upstream: "api",
            TargetConfiguration(try #require(TargetURL(url))),
            permits: ConnectionPermits(limit: 10, pendingLimit: 10),
            changes: changes
        )
    }

    private func addresses(_ texts: String...) throws -> [SocketAddress] {
        try texts.map { try SocketAddress(ipAddress: $0, port: 80) }
    }

    @Test(arguments: [
        ("http://10.0.0.1:9001", "10.0.0.1:9001"), ("http://[::1]:9001", "[::1]:9001"),
        ("unix:/run/a.sock", "unix:/run/a.sock"),
    ])
    func `an IP address or a socket is one endpoint without a look-up`(url: String, label: String) throws {
        let target = try target(url)
        #expect(target.name == nil && target.lookUp == .unneeded)
        #expect(target.endpoints.map(\.label) == [label])
        #expect(target.endpoints.map(\.identity) == [target.label])
    }

    @Test func `a name has no endpoints before its look-up, then one per address`() throws {
        let target = try target("http://backend:80")
        #expect(target.name?.host == "backend" && target.lookUp == .pending && target.endpoints.isEmpty)
        target.found(try addresses("10.0.0.1", "::1", "10.0.0.1"))
        #expect(target.lookUp == .found)
        #expect(target.endpoints.map(\.label) == ["10.0.0.1:80", "[::1]:80"])
        #expect(Set(target.endpoints.map(\.identity)).count == 2)
        #expect(target.label == "backend:80")
    }

    @Test func `addresses that remain keep their endpoints`() throws {
        let target = try target("http://backend:80")
        target.found(try addresses("10.0.0.1", "10.0.0.2"))
        let before = target.endpoints
        before[1].fail()
        let version = changes.version
        target.found(try addresses("10.0.0.3", "10.0.0.2"))
        let after = target.endpoints
        #expect(after.map(\.label) == ["10.0.0.3:80", "10.0.0.2:80"])
        #expect(after[1] === before[1] && !after[1].isInRotation)
        #expect(before[0].isLeaving && !before[1].isLeaving)
        #expect(changes.version == version + 1)
    }

    @Test func `another order of addresses changes nothing`() throws {
        let target = try target("http://backend:80")
        target.found(try addresses("10.0.0.1", "10.0.0.2"))
        let version = changes.version
        target.found(try addresses("10.0.0.2", "10.0.0.1"))
        #expect(changes.version == version)
        #expect(target.endpoints.count == 2)
    }

    @Test func `if a name loses its addresses its endpoints finish their requests`() throws {
        let target = try target("http://backend:80")
        target.found(try addresses("10.0.0.1"))
        target.endpoints[0].addPool()
        let version = changes.version
        target.notFound(reason: "the name does not exist")
        #expect(changes.version != version && target.endpoints.isEmpty && !target.isUp)
        #expect(target.leavingEndpoints.map(\.condition.state) == [.draining])
    }

    @Test func `a removed address is shown until no worker uses it`() throws {
        let target = try target("http://backend:80")
        target.found(try addresses("10.0.0.1", "10.0.0.2"))
        let gone = target.endpoints[0]
        gone.addPool()
        target.found(try addresses("10.0.0.2"))
        #expect(target.leavingEndpoints.map(\.condition.state) == [.draining])
        gone.removePool()
        #expect(target.leavingEndpoints.isEmpty)
    }

    @Test func `a target is down while its name has no address, since the first failure`() throws {
        let target = try target("http://backend:80")
        #expect(target.condition.state == .unknown)
        target.notFound(reason: "timeout", at: EndpointHealth.Moment(now: .now(), time: 1))
        target.notFound(reason: "timeout", at: EndpointHealth.Moment(now: .now(), time: 2))
        #expect(target.condition.state == .down && target.condition.reason == "dns" && target.condition.since.time == 1)
        target.found(try addresses("10.0.0.1"))
        #expect(target.condition.state == .unknown && target.isUp)
    }

    @Test func `a target is down once all addresses are, and retried with the first of them`() throws {
        let target = try target("http://backend:80")
        target.found(try addresses("10.0.0.1", "10.0.0.2"))
        let start = NIODeadline.now()
        for (index, endpoint) in target.endpoints.enumerated() {
            endpoint.fail(at: EndpointHealth.Moment(now: start + .seconds(Int64(index)), time: Int64(index) * 1000))
        }
        #expect(!target.isUp)
        #expect(target.condition.since.time == 1000)
        #expect(target.condition.nextTry?.time == 1000)
    }
}
