import GatewayCore
import GatewayHTTP

/// The parameters of an admin request, `name=value` joined by `&`.
struct AdminQuery: Sendable {
    static let limits = 1...1000
    static let defaultLimit = 100

    private let parameters: [(name: String, value: String)]

    /// - Parameter text: the query without its question mark, still encoded.
    init(_ text: String) {
        self.parameters = text.split(separator: "&").map { parameter in
            let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(parts[0]), parts.count > 1 ? Self.decoded(parts[1]) : "")
        }
    }

    /// Accepts these parameters only.
    ///
    /// - Throws: 422 with every other parameter.
    func require(_ known: Set<String>) throws(AdminRefusal) {
        let unknown = Set(self.parameters.map(\.name)).subtracting(known).sorted()
        guard unknown.isEmpty else {
            throw .invalid(unknown.map { GatewayError.Problem(field: $0, reason: "is not a known parameter") })
        }
    }

    /// Every value of a parameter that may be repeated.
    func values(of name: String) -> [String] { self.parameters.filter { $0.name == name }.map(\.value) }

    /// The parameters that ``page(of:)`` reads.
    static let pageParameters: Set<String> = ["limit", "after"]

    /// The page of a list that `limit` and `after` select.
    ///
    /// - Parameter names: the names of the elements, in order; `after` is one of them.
    /// - Throws: 422 with every invalid parameter.
    func page(of names: [String]) throws(AdminRefusal) -> Range<Int> {
        var problems: [GatewayError.Problem] = []
        let limit = self.limit(&problems)
        var start = 0
        if let name = self.single("after", &problems) {
            if let place = names.firstIndex(of: name) {
                start = place + 1
            } else {
                problems.append(GatewayError.Problem(field: "after", reason: "must be a name from this list"))
            }
        }
        guard problems.isEmpty else { throw .invalid(problems) }
        return start..<min(start + limit, names.count)
    }

    /// The page of a list of numbered elements that `limit` and `after` select.
    ///
    /// - Throws: 422 with every invalid parameter.
    func numberedPage() throws(AdminRefusal) -> (after: Int, limit: Int) {
        var problems: [GatewayError.Problem] = []
        let limit = self.limit(&problems)
        var after = 0
        if let text = self.single("after", &problems) {
            if let number = Int(digits: text) {
                after = number
            } else {
                problems.append(GatewayError.Problem(field: "after", reason: "must be a number from this list, or 0"))
            }
        }
        guard problems.isEmpty else { throw .invalid(problems) }
        return (after, limit)
    }

    /// How many elements `limit` asks for.
    ///
    /// - Throws: 422 if it is invalid.
    func limit() throws(AdminRefusal) -> Int {
        var problems: [GatewayError.Problem] = []
        let limit = self.limit(&problems)
        guard problems.isEmpty else { throw .invalid(problems) }
        return limit
    }

    /// The value of `limit`.
    func limit(_ problems: inout [GatewayError.Problem]) -> Int {
        guard let text = self.single("limit", &problems) else { return Self.defaultLimit }
        if let number = Int(digits: text), Self.limits.contains(number) { return number }
        let reason = "must be a number from \(Self.limits.lowerBound) to \(Self.limits.upperBound)"
        problems.append(GatewayError.Problem(field: "limit", reason: reason))
        return Self.defaultLimit
    }

    /// The value of a parameter that may be given once.
    func single(_ name: String, _ problems: inout [GatewayError.Problem]) -> String? {
        let values = self.values(of: name)
        if values.count > 1 { problems.append(GatewayError.Problem(field: name, reason: "is given twice")) }
        return values.first
    }

    /// Decodes `+` as a space too, as HTML forms and `curl --data-urlencode` write it.
    private static func decoded(_ text: Substring) -> String {
        PercentEncoding.decoded(text.contains("+") ? Substring(text.replacing("+", with: " ")) : text)
    }
}
