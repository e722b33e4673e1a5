// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "self-check",
    platforms: [.macOS(.v15)],
    products: [.library(name: "SelfCheck", targets: ["SelfCheck"])],
    dependencies: [.package(url: "https://github.com/apple/swift-nio", from: "2.101.0")],
    targets: [
        .target(
            name: "SelfCheck",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
