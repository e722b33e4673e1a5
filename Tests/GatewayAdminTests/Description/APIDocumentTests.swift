import GatewayHTTP
import GatewaySettings
import NIOCore
import Testing

@testable import GatewayAdmin
@testable import GatewayCore

/// The description of the admin API (OpenAPI 3.1).
struct APIDocumentTests {
    private static let document = APIDocument(hasToken: true).json
    private static var validator: SchemaValidator { SchemaValidator(document: self.document) }

    private static func operation(_ method: String, _ path: String) -> JSONValue? {
        self.document["paths"]?[path]?[method]
    }

    private static var operations: [(path: String, method: String, value: JSONValue)] {
        (self.document["paths"]?.members ?? []).flatMap { path in
            (path.value.members ?? []).map { (path.name, $0.name, $0.value) }
        }
    }

    @Test func `each path and method of each endpoint has an operation with its own name`() {
        for endpoint in AdminEndpoints.all {
            for path in endpoint.paths {
                let operation = Self.operation("\(endpoint.method.name)".lowercased(), path)
                #expect(operation?["summary"]?.text == endpoint.summary, "\(path)")
            }
        }
        let ids = Self.operations.compactMap { $0.value["operationId"]?.text }
        #expect(ids.count == AdminEndpoints.all.flatMap(\.paths).count)
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.wholeMatch(of: /[a-z][A-Za-z0-9]+/) != nil })
    }

    @Test func `the parameters of a path are described in its order`() {
        for operation in Self.operations {
            let names = operation.path.matches(of: /{([a-z_]+)}/).map { String($0.1) }
            let described = (operation.value["parameters"]?.elements ?? []).filter { $0["in"] == "path" }
            #expect(described.compactMap { $0["name"]?.text } == names, "\(operation.path)")
            #expect(described.allSatisfy { $0["required"] == true })
        }
    }

    @Test func `only open endpoints need no token`() {
        for endpoint in AdminEndpoints.all {
            let security = Self.operation("\(endpoint.method.name)".lowercased(), endpoint.path)?["security"]
            switch endpoint.scope {
            case .open: #expect(security == [])
            case .read, .write: #expect(security == [["admin_token": []]])
            case .events: #expect(security?.elements?.count == 3)
            }
        }
        let open = APIDocument(hasToken: false).json["paths"]?["/routes"]?["get"]?["security"]
        #expect(open?.elements?.contains([:]) == true)
    }

    @Test func `each reference leads somewhere, and each component is used`() {
        var places: Set<String> = []
        func collect(_ value: JSONValue) {
            if let place = value["$ref"]?.text { places.insert(place) }
            for member in value.members ?? [] { collect(member.value) }
            for element in value.elements ?? [] { collect(element) }
        }
        collect(Self.document)
        for place in places { #expect(Self.validator.resolved(place).members != nil, "\(place)") }
        let schemas = Self.document["components"]?["schemas"]?.members ?? []
        let unused = schemas.map(\.name).filter {
            !$0.hasSuffix("Problem") && !places.contains("#/components/schemas/\($0)")
        }
        #expect(unused.isEmpty)
        #expect(schemas.contains { $0.name == "RateLimitedProblem" })
    }

    @Test func `each example is valid`() {
        for operation in Self.operations {
            for parameter in operation.value["parameters"]?.elements ?? [] {
                let faults = Self.validator.faults(parameter["example"] ?? .null, parameter["schema"] ?? false)
                #expect(faults.isEmpty && parameter["description"]?.text?.isEmpty == false, "\(operation.path)")
            }
            let contents =
                [operation.value["requestBody"]?["content"]]
                + (operation.value["responses"]?.members ?? []).map { $0.value["content"] }
            for content in contents.compactMap({ $0?.members }).joined() {
                guard let example = content.value["example"], let schema = content.value["schema"] else { continue }
                #expect(Self.validator.faults(example, schema).isEmpty, "\(operation.method) \(operation.path)")
            }
        }
    }

    // MARK: Names

    /// Names that the pages of their subjects have fixed: health+json, and durations and sizes of stored responses.
    private static let fixed: Set<String> = ["componentType", "componentId", "observedValue", "observedUnit"]
    /// Windows of time.
    private static let windows: Set<String> = ["1m", "5m", "15m"]

    private static var properties: [(name: String, schema: JSONValue)] {
        var properties: [(String, JSONValue)] = []
        func collect(_ value: JSONValue) {
            for member in value["properties"]?.members ?? [] { properties.append((member.name, member.value)) }
            for member in value.members ?? [] { collect(member.value) }
            for element in value.elements ?? [] { collect(element) }
        }
        collect(Self.document)
        return properties
    }

    @Test func `fields are snake_case and tell their unit`() {
        #expect(Self.properties.count > 100)
        for (name, schema) in Self.properties where !Self.fixed.contains(name) && !Self.windows.contains(name) {
            #expect(name.wholeMatch(of: /[a-z]+([_][a-z0-9]+)*|p\d\d(_ms)?/) != nil, "\(name)")
            guard let type = schema["type"], name.contains(/_(ms|seconds|bytes|ratio)$/) else { continue }
            // Lines of a chart are lists of numbers.
            let inner = schema["items"]?["type"] ?? type
            let types = [inner] + (inner.elements ?? [])
            #expect(types.contains("number") || types.contains("integer"), "\(name)")
        }
        let lengths = Self.properties.filter { $0.name.contains(/(^|_)(duration|latency|uptime|delay|size|memory)$/) }
        // Of a stored response, as docs/cache.md has it, and the part of the process's resources.
        #expect(Set(lengths.map(\.name)).subtracting(["size", "memory"]).isEmpty)
    }

    // MARK: Answers

    @Test func `answers have the fields that are described`() async throws {
        let admin = try await DescribedAdmin()
        for endpoint in AdminEndpoints.all where endpoint.method == .get && !(endpoint is any AdminStreamEndpoint) {
            let path = endpoint.path.replacing("{route}", with: "users").replacing(/{\w+}/, with: "unknown")
            let answer = await admin.ask(path) { request in
                request.accept = "application/json"
                if path == "/cache" { request.query = "url=https://www.example.com/" }
            }
            let status: Int
            switch answer {
            case .success(let response):
                status = response.status
                Self.expectDescribed(response, endpoint)
            case .failure(let refusal):
                status = refusal.error.status
                let problems = APIDocument.general + APIDocument.problems(of: endpoint)
                #expect(problems.contains(refusal.error.code), "\(path): \(refusal.error.code)")
            }
            #expect(Self.operation("get", endpoint.path)?["responses"]?["\(status)"] != nil, "\(path): \(status)")
        }
    }

    private static func expectDescribed(_ response: Response, _ endpoint: any AdminEndpoint) {
        var block = HeaderBlock()
        block.add(response.fields)
        let type =
            block.fields.first { block.string($0.name).lowercased() == "content-type" }
            .map { block.string($0.value).prefix { $0 != ";" } } ?? ""
        let content = self.operation("get", endpoint.path)?["responses"]?["\(response.status)"]?["content"]
        guard let schema = content?[String(type)]?["schema"] else {
            Issue.record("\(endpoint.path): \(response.status) \(type) is not described")
            return
        }
        guard type.hasSuffix("json") else { return }
        do {
            let value = try StrictJSON.parse(Array(response.body.readableBytesView))
            #expect(self.validator.faults(value, schema) == [], "\(endpoint.path)")
        } catch {
            Issue.record("\(endpoint.path): \(error)")
        }
    }
}
