// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// A separate package, so that neither embedders nor `make test` build it for the fuzzer. The checks are also a test
// target of the gateway's package, which replays all corpora and crashes without a fuzzer.
let package = Package(
    name: "gateway-fuzz",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "GatewayFuzz", targets: ["GatewayFuzz"])],
    dependencies: [
        .package(name: "gateway", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    ],
    targets: [
        .executableTarget(
            name: "GatewayFuzz",
            dependencies: [
                .product(name: "Gateway", package: "gateway"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Sources",
            exclude: ["Replay"],
            sources: ["Checks", "Driver"],
            swiftSettings: settings
        )
    ],
    swiftLanguageModes: [.v6]
)
