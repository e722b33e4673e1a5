// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "auth-example",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "gateway", path: "../.."),
        .package(name: "self-check", path: "../self-check"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    ],
    targets: [
        .executableTarget(
            name: "AuthExample",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Gateway", package: "gateway"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "SelfCheck", package: "self-check"),
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
