// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// A separate package, so that neither embedders nor `make test` build it. It uses internal declarations through
// `@testable import`: `benchmarks/guard` builds it, and the gateway that it measures, with testing enabled.
let package = Package(
    name: "gateway-benchmarks",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "GatewayBenchmarks", targets: ["GatewayBenchmarks"])],
    dependencies: [
        .package(name: "gateway", path: "../.."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    ],
    targets: [
        .executableTarget(
            name: "GatewayBenchmarks",
            dependencies: [
                .product(name: "Gateway", package: "gateway"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: settings
        )
    ],
    swiftLanguageModes: [.v6]
)
