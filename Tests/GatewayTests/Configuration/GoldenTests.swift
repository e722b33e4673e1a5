import Foundation
import Gateway
import Testing

@testable import GatewaySettings

/// Each file in `Golden/` contains TOML, a line of dashes, and the result: errors, or the differences from the
/// defaults, the chain of each route, and warnings. With `GOLDEN=write` in the environment, the result is written to
/// the file.
struct GoldenTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter {
        $0.hasSuffix(".txt")
    }.sorted()
    static let environment = ["API_PORT": "9100", "ADMIN_TOKEN": "s3cret", "EMPTY": "", "SAMPLE": "0.25"]
    private static let line = "----------\n"

    @Test(arguments: files)
    func `the result matches the golden file`(_ file: String) throws {
        let url = Self.folder.appendingPathComponent(file)
        let text = try String(contentsOf: url, encoding: .utf8)
        let cut = text.range(of: "\n" + Self.line)
        let toml = cut.map { String(text[..<$0.lowerBound]) } ?? text
        let result = Self.outcome(of: toml)
        if ProcessInfo.processInfo.environment["GOLDEN"] == "write" {
            try "\(toml)\n\(Self.line)\(result)".write(to: url, atomically: true, encoding: .utf8)
        } else {
            #expect(result == cut.map { String(text[$0.upperBound...]) })
        }
    }

    @Test
    func `the golden files are found`() {
        #expect(Self.files.count > 20)
    }

    private static func outcome(of toml: String) -> String {
        do {
            let configuration = try GatewayConfiguration(toml, environment: environment)
            return GoldenSummary(configuration).text
        } catch {
            return error.description + "\n"
        }
    }
}

/// The settings that differ from the defaults.
private struct GoldenSummary {
    let configuration: GatewayConfiguration

    init(_ configuration: GatewayConfiguration) { self.configuration = configuration }

    var text: String {
        var whole = configuration
        whole.routes = []
        whole.upstreams = [:]
        whole.middleware = MiddlewareTables()
        whole.policies = [:]
        var lines = differences(of: whole.written, from: GatewayConfiguration().written)
        for (name, upstream) in configuration.upstreams.sorted(by: { $0.key < $1.key }) {
            lines.append("upstream \(name)")
            lines += differences(
                of: SettingSchema.written(upstream),
                from: SettingSchema.written(UpstreamConfiguration())
            ).map { "  " + $0 }
        }
        var resolver = MiddlewareResolver(configuration, middlewares: MiddlewareFixtures.all)
        for route in configuration.routes {
            lines.append("route \(route.name) (\(route.source))")
            var plain = route
            plain.middleware = MiddlewareTables()
            lines += differences(
                of: SettingSchema.written(plain),
                from: SettingSchema.written(RouteConfiguration())
            ).map { "  " + $0 }
            lines += chain(resolver.settings(for: route))
        }
        lines.append("without a route")
        lines += chain(resolver.withoutRoute())
        lines += configuration.document.warnings.map { "warning: \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private func chain(_ middlewares: [EffectiveMiddleware]) -> [String] {
        middlewares.filter { $0.isEnabled || $0.settings.source != .default }.flatMap { middleware in
            ["  \(middleware.isEnabled ? "+" : "-") \(middleware.name)"]
                + middleware.leaves.filter { $0.source != .default }.map {
                    "      \($0.key) = \($0.value.quoted) <- \($0.source)"
                }
        }
    }

    private func differences(of value: SettingValue, from other: SettingValue?, at path: SettingPath = .init())
        -> [String]
    {
        guard case .table(let entries) = value, !entries.isEmpty else {
            return value == other ? [] : ["\(path) = \(value.quoted)"]
        }
        var others: [String: SettingValue] = [:]
        if case .table(let entries)? = other { others = entries }
        return entries.sorted { $0.key < $1.key }.flatMap {
            differences(of: $0.value, from: others[$0.key], at: path + $0.key)
        }
    }
}
