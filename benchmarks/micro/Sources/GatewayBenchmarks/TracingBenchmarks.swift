@testable import Gateway
@testable import GatewayCore

/// What a trace costs a request: compare with `chain.none`, which has none.
enum TracingBenchmarks {
    static let all = [
        MicroBenchmark("chain.tracing-unsampled") {
            try ChainBenchmarks.exchanging(with: Self.tracing(sample: "0.0"))
        },
        MicroBenchmark("chain.tracing-sampled") {
            var isServed = false
            var count = 0
            return try ChainBenchmarks.exchanging(with: Self.tracing(sample: "1.0")) { worker in
                let requests = worker.shared.tracedRequests
                if !isServed { requests.serve(limit: .max, nil) }
                isServed = true
                count += 1
                if count.isMultiple(of: TracedRequests.batch) { _ = requests.take() }
            }
        },
    ]

    private static func tracing(sample: String) -> String {
        ChainBenchmarks.none.replacing("tracing = false\n", with: "")
            + "[tracing]\notlp = \"http://127.0.0.1:4318\"\nsample = \(sample)\n"
    }
}
