// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "embedded-example",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "gateway", path: "../.."),
        .package(name: "self-check", path: "../self-check"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .executableTarget(
            name: "Embedded",
            dependencies: [
                .product(name: "Gateway", package: "gateway"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SelfCheck", package: "self-check"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
