import FoundationEssentials
import Gateway
import GatewaySettings

/// The errors of `gateway check`, as the admin API returns them.
struct Findings: Decodable {
    struct Finding: Decodable {
        let line: Int
        let column: Int
        let key: String
        let message: String
        let suggestion: String
        let route: String?
    }

    let file: String
    let errors: [Finding]

    /// The errors as `gateway check` prints them.
    ///
    /// - Parameter file: The name of the file; nil for the one that the gateway reported.
    func lines(of file: String? = nil) -> [String] {
        self.errors.map { $0.error(in: file ?? self.file).description }
    }
}

extension Findings.Finding {
    func error(in file: String) -> ConfigurationError {
        var error = ConfigurationError(self.message, suggestion: self.suggestion, key: self.key)
        error.file = file
        error.line = self.line
        error.column = self.column
        error.route = self.route
        return error
    }
}

/// What a reload changed, or would change.
struct Changes: Decodable {
    let comparison: ConfigurationComparison
    let warnings: [Findings.Finding]

    var warningLines: [String] { self.warnings.map { "warning: \($0.error(in: "").text)" } }

    private enum Key: CodingKey {
        case warnings
    }

    init(from decoder: any Decoder) throws {
        self.comparison = try ConfigurationComparison(from: decoder)
        let container = try decoder.container(keyedBy: Key.self)
        self.warnings = try container.decodeIfPresent([Findings.Finding].self, forKey: .warnings) ?? []
    }
}

/// The sentence of an error response (RFC 9457).
struct Problem: Decodable {
    let detail: String?

    /// Reads a body; nil if it is something else.
    init?(_ body: String) {
        guard let problem = try? JSONDecoder().decode(Problem.self, from: Data(body.utf8)) else { return nil }
        self = problem
    }
}

extension AdminClient.Answer {
    /// Decodes the body.
    func decode<Body: Decodable>(_ type: Body.Type) throws -> Body {
        try JSONDecoder().decode(type, from: Data(self.body.utf8))
    }
}
