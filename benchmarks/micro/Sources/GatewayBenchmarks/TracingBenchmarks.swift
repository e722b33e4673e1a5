@testable import Gateway
@testable import GatewayCore

/// What a trace costs a request: compare with `chain.none`, which has none.
enum TracingBenchmarks {
    static let all = [
        MicroBenchmark("chain.tracing-unsampled") {
            try ChainBenchmarks.exchanging(with: Self.tracing(sample: "0.0"))
        }
    ]

    private static func tracing(sample: String) -> String {
        ChainBenchmarks.none.replacing("tracing = false\n", with: "")
            + "[tracing]\notlp = \"http://127.0.0.1:4318\"\nsample = \(sample)\n"
    }
}
