@testable import Gateway
@testable import GatewayCore

/// A request for routing, as text.
struct TestRequest: Sendable, CustomStringConvertible {
    var method = "GET"
    var host = "example.com"
    var path: String
    var query = ""
    var headers: [(name: String, value: String)] = []

    init(_ path: String, method: String = "GET", host: String = "example.com", query: String = "") {
        self.path = path
        self.method = method
        self.host = host
        self.query = query
    }

    init(_ path: String, headers: [(name: String, value: String)]) {
        self.init(path)
        self.headers = headers
    }

    var description: String { "\(method) \(host) \(path)?\(query) \(headers)" }

    func withBytes<Value>(_ body: (BytesOfRequest) -> Value) -> Value {
        let parts = [method, host, path, query].map { Array($0.utf8) }
        return parts[0].withUnsafeBytes { method in
            parts[1].withUnsafeBytes { host in
                parts[2].withUnsafeBytes { path in
                    parts[3].withUnsafeBytes { query in
                        body(BytesOfRequest(method: method, host: host, path: path, query: query, headers: headers))
                    }
                }
            }
        }
    }
}

struct BytesOfRequest: RoutedRequest {
    var method: UnsafeRawBufferPointer
    var host: UnsafeRawBufferPointer
    var path: UnsafeRawBufferPointer
    var query: UnsafeRawBufferPointer
    var headers: [(name: String, value: String)]

    func satisfies(_ condition: HeaderCondition) -> Bool {
        headers.contains { header in
            Array(header.name.utf8).withUnsafeBytes { name in
                Array(header.value.utf8).withUnsafeBytes { value in condition.accepts(name: name, value: value) }
            }
        }
    }
}

/// A routing decision as text: the selected plan, `405` with its methods, or `404`.
func outcome(_ router: Router<String>, _ request: TestRequest) -> String {
    var captures = PathCaptures()
    return request.withBytes { bytes in
        switch router.route(bytes, captures: &captures) {
        case .found(let plan, _): plan
        case .methodNotAllowed(let allow): "405 \(allow)"
        case .notFound: "404"
        }
    }
}

/// A router whose plans are `a`, `b`, `c`… in the order of the routes.
func lettered(_ matches: RouteMatch...) throws -> Router<String> {
    try Router(routes: zip(matches, "abcdefghijklmnopqrstuvwxyz").map { (match: $0, plan: String($1)) })
}
