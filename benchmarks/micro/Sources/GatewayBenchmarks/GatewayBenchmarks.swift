#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs a benchmark a number of times. Without arguments it lists all benchmarks, with the number of iterations of
/// each. It measures nothing: `make bench-guard` counts instructions and allocations from outside.
@main
enum GatewayBenchmarks {
    static let all =
        CodecBenchmarks.all + RouterBenchmarks.all + ChainBenchmarks.all + CacheBenchmarks.all + AccessBenchmarks.all
        + LimiterBenchmarks.all + PoolBenchmarks.all + MetricsBenchmarks.all + EventBenchmarks.all
        + TracingBenchmarks.all
        + CompressionBenchmarks.all
        + ETagBenchmarks.all
        + FieldsBenchmarks.all

    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let name = arguments.first else {
            for benchmark in all { print(benchmark.name, benchmark.iterations) }
            return
        }
        guard let benchmark = all.first(where: { $0.name == name }), let count = arguments.last.flatMap({ Int($0) })
        else {
            print("usage: GatewayBenchmarks [NAME ITERATIONS]")
            exit(2)
        }
        let iteration = try benchmark.prepare()
        for _ in 0..<count { try iteration() }
    }
}
