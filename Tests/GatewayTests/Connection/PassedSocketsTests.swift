import Testing

@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

/// Which passed socket serves which address.
struct PassedSocketsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let passed: [PassedSocket]
        let wanted: [String]
        /// The descriptor for each wanted address; nil if it has to be bound.
        let expected: [CInt?]

        init(_ what: String, _ passed: [PassedSocket], _ wanted: [String], _ expected: [CInt?]) {
            self.testDescription = what
            self.passed = passed
            self.wanted = wanted
            self.expected = expected
        }
    }

    /// - Parameter address: An IP address with a port, or the path of a Unix socket.
    private static func socket(
        _ descriptor: CInt,
        _ address: String,
        servesIPv4: Bool = false,
        origin: String? = nil
    ) -> PassedSocket {
        let location: PassedSocket.Address =
            if case .host(let host, let port)? = ListenAddress(address)?.location, let ip = IPAddress(host) {
                .ip(ip, port: port, servesIPv4: servesIPv4)
            } else {
                .unix(path: address)
            }
        return PassedSocket(descriptor, location, origin: origin.flatMap { ListenAddress($0) }.map { .init($0) })
    }

    @Test(arguments: [
        Case("nothing passed", [], ["127.0.0.1:80"], [nil]),
        Case("the same address", [socket(3, "127.0.0.1:80")], ["127.0.0.1:80"], [3]),
        Case("another port", [socket(3, "127.0.0.1:81")], ["127.0.0.1:80"], [nil]),
        Case("another address", [socket(3, "127.0.0.1:80")], ["0.0.0.0:80"], [nil]),
        Case(
            "in any order",
            [socket(3, "127.0.0.1:81"), socket(4, "127.0.0.1:80")],
            ["127.0.0.1:80", "127.0.0.1:81"],
            [4, 3]
        ),
        Case("one socket for one address", [socket(3, "127.0.0.1:80")], ["127.0.0.1:80", "127.0.0.1:81"], [3, nil]),
        Case("all of IPv6 serves IPv4", [socket(3, "[::]:80", servesIPv4: true)], ["0.0.0.0:80"], [3]),
        Case("unless it is for IPv6 only", [socket(3, "[::]:80")], ["0.0.0.0:80"], [nil]),
        Case("or for one address", [socket(3, "[::1]:80", servesIPv4: true)], ["0.0.0.0:80"], [nil]),
        Case("it does not serve one address", [socket(3, "[::]:80", servesIPv4: true)], ["127.0.0.1:80"], [nil]),
        Case(
            "an exact match comes first",
            [socket(3, "[::]:80", servesIPv4: true), socket(4, "0.0.0.0:80")],
            ["0.0.0.0:80", "[::]:80"],
            [4, 3]
        ),
        Case(
            "and is not taken by another address",
            [socket(3, "[::]:80", servesIPv4: true)],
            ["0.0.0.0:80", "[::]:80"],
            [nil, 3]
        ),
        Case("IPv6 written differently", [socket(3, "[2001:db8::1]:80")], ["[2001:DB8:0::1]:80"], [3]),
        Case("IPv4 in IPv6", [socket(3, "127.0.0.1:80")], ["[::ffff:127.0.0.1]:80"], [3]),
        Case("a name", [socket(3, "127.0.0.1:80")], ["localhost:80"], [3]),
        Case("an unknown name", [socket(3, "127.0.0.1:80")], ["other.example:80"], [nil]),
        Case("a path", [socket(3, "/run/a"), socket(4, "/run/b")], ["unix:/run/b"], [4]),
        Case("another path", [socket(3, "/run/a")], ["unix:/run/b"], [nil]),
        Case("an abstract address", [socket(3, "@/run/a")], ["unix:/run/a"], [nil]),
        Case(
            "equal addresses with port 0, in order",
            [socket(3, "127.0.0.1:4711", origin: "127.0.0.1:0"), socket(4, "127.0.0.1:4712", origin: "127.0.0.1:0")],
            ["127.0.0.1:0", "127.0.0.1:0"],
            [3, 4]
        ),
        Case("any port", [socket(3, "127.0.0.1:4711")], ["127.0.0.1:0"], [3]),
        Case(
            "any port that nobody else wants",
            [socket(3, "127.0.0.1:80"), socket(4, "127.0.0.1:4711")],
            ["127.0.0.1:0", "127.0.0.1:80"],
            [4, 3]
        ),
        Case(
            "what a gateway opened it for",
            [socket(3, "127.0.0.1:4711", origin: "127.0.0.1:0"), socket(4, "127.0.0.1:4712", origin: "localhost:0")],
            ["localhost:0", "127.0.0.1:0"],
            [4, 3]
        ),
    ])
    func `sockets are matched by address`(_ example: Case) {
        var sockets = PassedSockets(example.passed)
        let wanted = example.wanted.compactMap { ListenAddress($0) }
        let assigned = sockets.assign(to: wanted) { host, _ in host == "localhost" ? IPAddress("127.0.0.1") : nil }
        #expect(assigned.map { $0?.descriptor } == example.expected)
        let used = Set(example.expected.compactMap { $0 })
        #expect(sockets.unassigned.map(\.descriptor) == example.passed.map(\.descriptor).filter { !used.contains($0) })
    }

    @Test(
        arguments: [
            (["LISTEN_PID": "7", "LISTEN_FDS": "2"], 3..<5),
            (["LISTEN_PID": "7", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "http"], 3..<4),
            (["LISTEN_PID": "8", "LISTEN_FDS": "2"], nil),
            (["LISTEN_PID": "7"], nil),
            (["LISTEN_FDS": "2"], nil),
            (["LISTEN_PID": "7", "LISTEN_FDS": "0"], nil),
            (["LISTEN_PID": "7", "LISTEN_FDS": "-1"], nil),
            (["LISTEN_PID": "7", "LISTEN_FDS": "two"], nil),
            (["LISTEN_PID": "7", "LISTEN_FDS": "2147483647"], nil),
            ([:], nil),
        ] as [([String: String], Range<CInt>?)]
    )
    func `sockets for another process are not touched`(environment: [String: String], expected: Range<CInt>?) {
        #expect(SocketActivation(environment, process: 7)?.descriptors == expected)
    }
}
