// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "middleware-example",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "gateway", path: "../.."),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    ],
    targets: [
        .target(
            name: "ExampleMiddlewares",
            dependencies: [
                .product(name: "Gateway", package: "gateway"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "ExampleMiddlewaresTests",
            dependencies: [
                "ExampleMiddlewares",
                .product(name: "Gateway", package: "gateway"),
                .product(name: "GatewayTesting", package: "gateway"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
