/// What `gateway top` reads of `GET /monitoring/dashboard`.
struct TopAnswer: Decodable, Equatable {
    struct Totals: Decodable, Equatable {
        let figures: Figures
        let processorCores: Double?
        let memoryBytes: Int?

        private enum Key: String, CodingKey {
            case processorCores = "cpu_cores"
            case memoryBytes = "memory_bytes"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            self.figures = try Figures(from: decoder)
            self.processorCores = try container.decodeIfPresent(Double.self, forKey: .processorCores)
            self.memoryBytes = try container.decodeIfPresent(Int.self, forKey: .memoryBytes)
        }
    }

    struct Route: Decodable, Equatable {
        let name: String
        let figures: Figures

        private enum Key: String, CodingKey {
            case name
        }

        init(from decoder: any Decoder) throws {
            self.name = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .name)
            self.figures = try Figures(from: decoder)
        }
    }

    /// The figures that routes and totals have.
    struct Figures: Decodable, Equatable {
        let rate: Double
        let errorRatio: Double?
        let p50: Double?
        let p95: Double?
        let p99: Double?
        let inFlight: Int
        let limitedRate: Double?
        let cacheHitRatio: Double?

        private enum CodingKeys: String, CodingKey {
            case rate
            case errorRatio = "error_ratio"
            case p50 = "p50_ms"
            case p95 = "p95_ms"
            case p99 = "p99_ms"
            case inFlight = "in_flight"
            case limitedRate = "limited_rate"
            case cacheHitRatio = "cache_hit_ratio"
        }
    }

    struct Problem: Decodable, Equatable {
        let severity: String
        let text: String
    }

    let version: String
    let state: String
    let uptimeSeconds: Int
    let totals: Totals
    let routes: [Route]
    let problems: [Problem]

    private enum CodingKeys: String, CodingKey {
        case version, state, totals, routes, problems
        case uptimeSeconds = "uptime_seconds"
    }
}
