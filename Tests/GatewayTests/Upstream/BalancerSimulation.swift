import NIOCore

@testable import Gateway
@testable import GatewayCore

/// Random arrivals, a balancer, and servers that serve one request at a time: M/M/1 queues. Time is simulated, and
/// the seed determines everything.
struct BalancerSimulation {
    enum Behaviour: Equatable {
        /// Serves with exponentially distributed times, whose mean is this multiple of the usual one.
        case serves(Double)
        /// Answers this share of its requests with 503 at once, and serves the others.
        case fails(Double)
        /// Refuses connections until this time, in seconds.
        case refuses(until: Double)
    }

    struct Result {
        /// Requests sent to each server, answered or not.
        var requests: [Int]
        /// Requests that ended in an error, whichever servers were tried.
        var failed = 0
        /// Requests that one server refused and another one served.
        var moved = 0
        /// The average number of requests in the queue and in service, per server.
        var meanInSystem: [Double]

        var total: Int { requests.reduce(0, +) }
        func share(of server: Int) -> Double { Double(requests[server]) / Double(total) }
    }

    private struct Departure {
        let time: Double
        let server: Int
        let began: Double
        let isFailure: Bool
    }

    /// The mean service time, in seconds.
    private static let service = 0.01

    private let behaviours: [Behaviour]
    private let arrivalsPerSecond: Double
    private var balancer: Balancer
    private var health: [EndpointHealth]
    private var probes: [Double?]
    private var rotation: TargetSet
    private var random: SplitMix64
    private var freeAt: [Double]
    /// The next departure is the last element.
    private var departures: [Departure] = []
    private var inSystem: [Int]
    private var now = 0.0
    private(set) var result: Result
    /// The last server of each client, if there are several clients.
    private(set) var lastServer: [Int: Int] = [:]

    /// - Parameter load: The arrival rate as a share of the capacity of all servers in normal operation.
    init(_ policy: Balancer.Policy, _ behaviours: [Behaviour], load: Double, seed: UInt64 = 1) {
        let count = behaviours.count
        self.behaviours = behaviours
        arrivalsPerSecond = load * Double(count) / Self.service
        balancer = Balancer(policy: policy, targets: (0..<count).map { Balancer.Target(identity: "10.0.0.\($0):80") })
        health = Array(repeating: EndpointHealth(since: Self.moment(0)), count: count)
        probes = Array(repeating: nil, count: count)
        rotation = TargetSet(allOf: count)
        random = SplitMix64(seed: seed)
        freeAt = Array(repeating: 0, count: count)
        inSystem = Array(repeating: 0, count: count)
        result = Result(requests: Array(repeating: 0, count: count), meanInSystem: Array(repeating: 0, count: count))
    }

    private static func moment(_ seconds: Double) -> EndpointHealth.Moment {
        EndpointHealth.Moment(
            now: .uptimeNanoseconds(UInt64(1_000_000_000 * (1 + seconds))),
            time: Int64(seconds * 1000)
        )
    }

    /// - Parameter clients: The number of clients, which all send equally often.
    mutating func run(requests: Int, clients: Int = 10_000) -> Result {
        for _ in 0..<requests {
            advance(to: now + exponential() / arrivalsPerSecond)
            arrive(from: Int.random(in: 0..<clients, using: &random))
        }
        var result = result
        result.meanInSystem = result.meanInSystem.map { $0 / now }
        return result
    }

    private mutating func exponential() -> Double { -log(Double.random(in: 0..<1, using: &random)) }

    private func log(_ distance: Double) -> Double {
        // ln(1 - x), by the series of the inverse hyperbolic tangent.
        let value = 1 - distance
        let ratio = (value.significand - 1) / (value.significand + 1)
        var (sum, power) = (0.0, ratio)
        for odd in stride(from: 1, through: 25, by: 2) {
            sum += power / Double(odd)
            power *= ratio * ratio
        }
        return Double(value.exponent) * 0.693_147_180_559_945_3 + 2 * sum
    }

    // MARK: Events

    private mutating func advance(to time: Double) {
        while true {
            let nextDeparture = departures.last?.time ?? .infinity
            let nextProbe = nextProbe
            guard min(nextDeparture, nextProbe.time) <= time else { return pass(to: time) }
            if nextDeparture <= nextProbe.time {
                depart(departures.removeLast())
            } else {
                pass(to: nextProbe.time)
                probe(nextProbe.server)
            }
        }
    }

    private var nextProbe: (server: Int, time: Double) {
        var next = (server: 0, time: Double.infinity)
        for (server, time) in probes.enumerated() {
            if let time, time < next.time { next = (server, time) }
        }
        return next
    }

    private mutating func pass(to time: Double) {
        for server in inSystem.indices { result.meanInSystem[server] += Double(inSystem[server]) * (time - now) }
        now = time
    }

    private mutating func arrive(from client: Int) {
        var available = rotation
        var isMoved = false
        let hash = Rendezvous.hash("client \(client)")
        while let server = balancer.pick(
            available: available,
            hash: hash,
            now: Self.moment(now).now,
            using: &random
        ) {
            balancer.started(server)
            result.requests[server] += 1
            if case .refuses(let end) = behaviours[server], now < end {
                balancer.failed(server, after: .zero, now: Self.moment(now).now)
                refused(server)
                available.remove(server)
                isMoved = true
                continue
            }
            _ = health[server].connected(at: Self.moment(now))
            if isMoved { result.moved += 1 }
            lastServer[client] = server
            return serve(server)
        }
        result.failed += 1
    }

    private mutating func serve(_ server: Int) {
        var factor = 1.0
        var isFailure = false
        switch behaviours[server] {
        case .serves(let times): factor = times
        case .fails(let share): isFailure = Double.random(in: 0..<1, using: &random) < share
        case .refuses: break
        }
        let time = isFailure ? Self.service / 100 : exponential() * Self.service * factor
        // A failed request does not occupy the queue.
        let end = isFailure ? now + time : max(now, freeAt[server]) + time
        if !isFailure { freeAt[server] = end }
        inSystem[server] += 1
        var low = 0
        var high = departures.count
        while low < high {
            let middle = (low + high) / 2
            if departures[middle].time > end { low = middle + 1 } else { high = middle }
        }
        departures.insert(Departure(time: end, server: server, began: now, isFailure: isFailure), at: low)
    }

    private mutating func depart(_ departure: Departure) {
        pass(to: departure.time)
        inSystem[departure.server] -= 1
        let duration = TimeAmount.nanoseconds(Int64((now - departure.began) * 1_000_000_000))
        if departure.isFailure {
            result.failed += 1
            balancer.failed(departure.server, after: duration, now: Self.moment(now).now)
        } else {
            balancer.finished(departure.server, after: duration)
            health[departure.server].answered()
        }
    }

    // MARK: Health

    private mutating func refused(_ server: Int) {
        let moment = Self.moment(now)
        guard case .left(let pause) = health[server].failed(.refused, begun: moment.now, at: moment) else { return }
        rotation.remove(server)
        probes[server] = now + Double(pause.nanoseconds) / 1e9
    }

    private mutating func probe(_ server: Int) {
        probes[server] = nil
        if case .refuses(let end) = behaviours[server], now < end {
            guard let pause = health[server].probeFailed(.refused, at: Self.moment(now)) else { return }
            probes[server] = now + Double(pause.nanoseconds) / 1e9
        } else {
            _ = health[server].connected(at: Self.moment(now))
            rotation.insert(server)
        }
    }
}
