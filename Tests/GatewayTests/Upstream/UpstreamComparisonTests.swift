import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

@Suite struct UpstreamComparisonTests {
    typealias Targets = UpstreamComparison.Targets

    @Test(
        arguments: [
            ([], [1], Targets(kept: [nil])),
            ([1], [1], Targets(kept: [0])),
            ([1, 2, 3], [3, 1], Targets(kept: [2, 0], removed: [1])),
            ([1, 2], [2, 3, 1], Targets(kept: [1, nil, 0])),
            ([1], [2], Targets(kept: [nil], removed: [0])),
            ([1], [], Targets(removed: [0])),
            // A URL that appears twice is two targets.
            ([1, 1], [1], Targets(kept: [0], removed: [1])),
            ([1], [1, 1], Targets(kept: [0, nil])),
        ] as [([Int], [Int], Targets)]
    )
    func `finds the targets that remain by their URLs`(old: [Int], new: [Int], expected: Targets) {
        func urls(_ ports: [Int]) -> [TargetURL] { ports.map { .http(host: "10.0.0.1", port: $0) } }
        #expect(Targets(from: urls(old), to: urls(new)) == expected)
    }

    private static func upstream(_ url: String?, _ change: (inout UpstreamConfiguration) -> Void = { _ in })
        -> UpstreamConfiguration
    {
        var upstream = UpstreamConfiguration()
        upstream.targets = url.flatMap { TargetURL($0) }.map { [TargetConfiguration($0)] } ?? []
        change(&upstream)
        return upstream
    }

    @Test func `finds the upstreams that remain by their names`() {
        let old = [
            "same": Self.upstream("http://a:1"),
            "moved": Self.upstream("http://a:1"),
            "gone": Self.upstream("http://a:1"),
            "demo": Self.upstream(nil) { $0.builtin = .demo },
            "replaced": Self.upstream("http://a:1"),
        ]
        let new = [
            "same": Self.upstream("http://a:1") {
                $0.targets[0].weight = 9
                $0.maxConnections = 1
                $0.balance = .hash
            },
            "moved": Self.upstream("http://b:1"),
            "new": Self.upstream("http://a:1"),
            "demo": Self.upstream(nil) { $0.builtin = .demo },
            "replaced": Self.upstream(nil) { $0.builtin = .demo },
        ]
        let comparison = UpstreamComparison(from: old, to: new)
        #expect(
            comparison.kept == [
                "same": Targets(kept: [0]), "moved": Targets(kept: [nil], removed: [0]), "demo": Targets(),
            ]
        )
        #expect(comparison.added == ["new", "replaced"])
        #expect(comparison.removed == ["gone", "replaced"])
    }
}
