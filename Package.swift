// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A dependency of the documentation only, which `make docs` enables. Other builds do not fetch it.
let documentation: [Package.Dependency] =
    Context.environment["GATEWAY_DOCS"] == nil
    ? [] : [.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0")]

let package = Package(
    name: "gateway",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Gateway", targets: ["Gateway"]),
        .library(name: "GatewayTesting", targets: ["GatewayTesting"]),
        .executable(name: "gateway", targets: ["GatewayCLI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ] + documentation,
    targets: [
        .systemLibrary(
            name: "CZlib",
            pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]
        ),
        .systemLibrary(
            name: "CBrotli",
            pkgConfig: "libbrotlienc",
            providers: [.apt(["libbrotli-dev"]), .brew(["brotli"])]
        ),
        .systemLibrary(
            name: "CAres",
            pkgConfig: "libcares",
            providers: [.apt(["libc-ares-dev"]), .brew(["c-ares"])]
        ),
        .systemLibrary(
            name: "CCrypt",
            pkgConfig: "libxcrypt",
            providers: [.apt(["libcrypt-dev"]), .brew(["libxcrypt"])]
        ),
        .systemLibrary(
            name: "CSQLite",
            pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]
        ),
        // The pages of the admin API. C embeds a file without a build step, and at no cost to the compiler.
        .target(name: "CPages", exclude: ["pages"]),
        .target(
            name: "GatewayHTTP",
            dependencies: [.product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayHTTP1",
            dependencies: ["GatewayHTTP", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayHTTP2",
            dependencies: [
                "GatewayHTTP",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayWebSocket",
            dependencies: [
                "GatewayHTTP",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayTLS",
            dependencies: [
                "GatewayHTTP",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GatewaySettings",
            dependencies: ["GatewayHTTP"],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayCore",
            dependencies: [
                "CAres",
                "CZlib",
                "GatewayHTTP",
                "GatewayHTTP1",
                "GatewayHTTP2",
                "GatewaySettings",
                "GatewayTLS",
                "GatewayWebSocket",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayCache",
            dependencies: [
                "GatewayHTTP",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayRedis",
            dependencies: [
                "GatewayCore",
                "GatewayHTTP",
                "GatewaySettings",
                "GatewayTLS",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayAccess",
            dependencies: [
                "CCrypt",
                "GatewayHTTP",
                "GatewaySettings",
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayEvents",
            dependencies: [
                "CSQLite",
                "GatewayCore",
                "GatewayHTTP",
                "GatewayHTTP1",
                "GatewaySettings",
                "GatewayWebSocket",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayTracing",
            dependencies: [
                "GatewayCore",
                "GatewayHTTP",
                "GatewaySettings",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayMiddlewares",
            dependencies: [
                "CBrotli",
                "CZlib",
                "GatewayAccess",
                "GatewayCache",
                "GatewayCore",
                "GatewayHTTP",
                "GatewayRedis",
                "GatewaySettings",
                "GatewayTLS",
                "GatewayWebSocket",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GatewayAdmin",
            dependencies: [
                "CPages",
                "GatewayAccess",
                "GatewayCache",
                "GatewayCore",
                "GatewayEvents",
                "GatewayHTTP",
                "GatewayRedis",
                "GatewaySettings",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Gateway",
            dependencies: [
                "GatewayAccess",
                "GatewayAdmin",
                "GatewayCache",
                "GatewayCore",
                "GatewayEvents",
                "GatewayHTTP",
                "GatewayHTTP1",
                "GatewayMiddlewares",
                "GatewayRedis",
                "GatewaySettings",
                "GatewayTLS",
                "GatewayTracing",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        // Dashboards of Grafana and rules of Prometheus, which only the program writes.
        .target(name: "GatewayDashboards", dependencies: ["GatewaySettings"], swiftSettings: settings),
        .target(name: "GatewayFormatting", dependencies: ["GatewaySettings"], swiftSettings: settings),
        .target(
            name: "GatewayTesting",
            dependencies: [
                "Gateway",
                "GatewayCore",
                "GatewayHTTP",
                "GatewayMiddlewares",
                "GatewaySettings",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "GatewayCLI",
            dependencies: [
                "Gateway",
                "GatewayAccess",
                "GatewayAdmin",
                "GatewayCore",
                "GatewayDashboards",
                "GatewayEvents",
                "GatewayFormatting",
                "GatewayHTTP",
                "GatewayHTTP1",
                "GatewayMiddlewares",
                "GatewaySettings",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayHTTP1Tests",
            dependencies: [
                "GatewayHTTP", "GatewayHTTP1", .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayEventsTests",
            dependencies: [
                "CSQLite",
                "GatewayCore",
                "GatewayEvents",
                "GatewayHTTP",
                "GatewaySettings",
                "GatewayWebSocket",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayCoreTests",
            dependencies: [
                "CZlib",
                "GatewayCore",
                "GatewayHTTP",
                "GatewaySettings",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayFormattingTests",
            dependencies: ["GatewayFormatting", "GatewaySettings"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewaySettingsTests",
            dependencies: ["GatewayHTTP", "GatewaySettings"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayDashboardsTests",
            dependencies: ["Gateway", "GatewayCore", "GatewayDashboards", "GatewaySettings"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayTracingTests",
            dependencies: [
                "GatewayCore",
                "GatewayHTTP",
                "GatewaySettings",
                "GatewayTracing",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayAdminTests",
            dependencies: [
                "GatewayAdmin",
                "GatewayCore",
                "GatewayEvents",
                "GatewayHTTP",
                "GatewaySettings",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "CBrotli",
                "CZlib",
                "Gateway",
                "GatewayAccess",
                "GatewayAdmin",
                "GatewayCache",
                "GatewayCore",
                "GatewayEvents",
                "GatewayHTTP",
                "GatewayHTTP1",
                "GatewayHTTP2",
                "GatewayMiddlewares",
                "GatewayRedis",
                "GatewaySettings",
                "GatewayTLS",
                "GatewayWebSocket",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "TOMLKit", package: "TOMLKit"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ],
            exclude: ["Configuration/Golden", "Configuration/Check", "Configuration/Comparison"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayFuzzTests",
            dependencies: [
                "Gateway",
                "GatewayAccess",
                "GatewayCache",
                "GatewayCore",
                "GatewayHTTP",
                "GatewayHTTP1",
                "GatewayHTTP2",
                "GatewayMiddlewares",
                "GatewayRedis",
                "GatewaySettings",
                "GatewayTLS",
                "GatewayWebSocket",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "fuzz/Sources",
            exclude: ["Driver"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayTestingTests",
            dependencies: [
                "Gateway",
                "GatewayCore",
                "GatewayHTTP",
                "GatewayMiddlewares",
                "GatewaySettings",
                "GatewayTesting",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayEndToEndTests",
            dependencies: [
                "CBrotli",
                "CZlib",
                "Gateway",
                "GatewayAccess",
                "GatewayAdmin",
                "GatewayCache",
                "GatewayCore",
                "GatewayEvents",
                "GatewayHTTP",
                "GatewayHTTP2",
                "GatewayMiddlewares",
                "GatewayRedis",
                "GatewaySettings",
                "GatewayTLS",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
