import Foundation
import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewayEvents
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// Names in documents must exist: metrics, configuration keys, error codes, admin endpoints.
struct DocumentNameTests {
    @Test(arguments: Repository.documents) func `every metric exists`(document: String) throws {
        // The access log has one value that looks like a metric.
        let known = Set(MetricCatalog.all.map(\.name)).union(["\(Outcome.gatewayError.name)"])
        for word in try Self.words(of: document) where word.hasPrefix("gateway_") || word.hasPrefix("process_") {
            let isSeries = ["_bucket", "_sum", "_count"].contains { suffix in
                word.hasSuffix(suffix) && known.contains(String(word.dropLast(suffix.count)))
            }
            // A name that ends with an underscore is a prefix.
            #expect(known.contains(String(word)) || isSeries || word.hasSuffix("_"), "\(word)")
        }
    }

    @Test(arguments: Repository.documents) func `every error code exists`(document: String) throws {
        let known = Set(GatewayError.Code.all.map(\.name))
        let text = try Self.text(of: document)
        for mark in ["urn:gateway:error:", "\"code\":\""] {
            for part in text.components(separatedBy: mark).dropFirst() {
                let code = String(part.prefix { $0.isLowercase || $0 == "_" })
                #expect(code.isEmpty || known.contains(code), "\(code)")
            }
        }
    }

    @Test(arguments: Repository.documents) func `every admin endpoint exists`(document: String) throws {
        let patterns = AdminEndpoints.all.flatMap(\.paths)
        let roots = ["/health", "/metrics", "/routes", "/upstreams", "/config"]
        for span in try Self.codeSpans(of: document) {
            let path = String((span.split(separator: " ").last ?? "").prefix { $0 != "?" })
            guard roots.contains(where: { path == $0 || path.hasPrefix($0 + "/") }), !path.hasSuffix("/") else {
                continue
            }
            let exists = patterns.contains { $0 == path || AdminEndpoints.parameters(of: path, under: $0) != nil }
            #expect(exists, "\(path)")
        }
    }

    @Test(arguments: Repository.documents) func `every key exists`(document: String) throws {
        let keys = Self.keys
        // Types of events and actions in the audit log look like keys.
        let events = EventCatalog.all.flatMap { [$0.type, $0.topic] }.map { Substring($0) }
        let topics: [Substring] = ["metrics.route", "metrics.upstream", "metrics.system"]
        let others = Set(events + topics + AuditAction.all.map { Substring($0.name) })
        for span in try Self.codeSpans(of: document)
        where span.contains(".") && span.allSatisfy(Self.isKeyCharacter) && !others.contains(span) {
            var names = span.split(separator: ".").map { $0.prefix { $0 != "[" } }
            if names.count > 2, ["plans", "policies", "upstreams"].contains(names[0]) { names.remove(at: 1) }
            if names.count > 1, ["middleware", "policies"].contains(names[0]) { names.removeFirst() }
            if names.count > 1, names[0] == "routes", !keys.contains(names[0...1].joined(separator: ".")) {
                names.removeFirst()
            }
            guard let table = names.first, keys.contains(String(table)), names.count > 1 else { continue }
            if ["md", "toml", "json", "swift"].contains(names.last) { continue }
            // Within the section of a table, the name of the table may be omitted.
            let key = names.joined(separator: ".")
            let isKnown = keys.contains(key) || keys.contains("server.\(key)")
            #expect(isKnown, "\(span)")
        }
    }

    // MARK: Reading a document

    /// Excludes Swift examples, which contain names of an embedding program.
    private static func text(of document: String) throws -> String {
        var isSwift = false
        let lines = try Repository.read(document).split(separator: "\n", omittingEmptySubsequences: false).filter {
            line in
            if line.hasPrefix("```") { isSwift = line == "```swift" }
            return !isSwift
        }
        return lines.joined(separator: "\n")
    }

    private static func words(of document: String) throws -> [Substring] {
        try self.text(of: document).split { !($0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_") }
    }

    /// The text between backticks within a line.
    private static func codeSpans(of document: String) throws -> [Substring] {
        try self.text(of: document).split(separator: "\n").filter { !$0.hasPrefix("```") }.flatMap { line in
            line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map(\.element)
        }
    }

    private static func isKeyCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber) || "_.[]".contains(character)
    }

    // MARK: Keys

    /// Every table and key in the notation of the documents: `server.limits.headers`, `upstreams.balance`,
    /// `rate_limit.key`.
    private static var keys: Set<String> {
        var keys: Set<String> = []
        func add(_ schema: SettingSchema, _ path: String) {
            keys.insert(path)
            switch schema {
            case .table(let table):
                for field in table.fields { add(field.schema, "\(path).\(field.key)") }
            case .list(let inner), .map(let inner): add(inner, path)
            default: break
            }
        }
        for field in SettingSchema.of(GatewayConfiguration()).fields { add(field.schema, field.key) }
        for middleware in MiddlewareList.standard.descriptions {
            add(.table(SettingSchema.of(middleware.defaults)), middleware.name)
        }
        return keys
    }
}
