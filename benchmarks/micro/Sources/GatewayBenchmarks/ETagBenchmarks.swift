@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayMiddlewares
@testable import GatewaySettings

enum ETagBenchmarks {
    static let all = [
        MicroBenchmark("etag.digest-1k") { Self.digesting(1024) },
        MicroBenchmark("etag.digest-64k", iterations: 100) { Self.digesting(64 * 1024) },
    ]

    private static func digesting(_ size: Int) -> () throws -> Void {
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let expected = body.withUnsafeBytes { BodyDigest($0) }
        return {
            guard body.withUnsafeBytes({ BodyDigest($0) }) == expected else {
                throw UnexpectedOutcome("another digest of the same bytes")
            }
        }
    }
}
